"""`python -m tracklab`"""
import sys
from tracklab.app.command import main

if __name__=='__main__': sys.exit(main())
