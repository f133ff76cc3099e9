"""Small inputs that once broke the product: cases.py FOLDER; runs each `FOLDER/*/run.sh`, two at a time; the last line is `N passed, M failed`."""
import subprocess, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

def run(script):
    "Whether a case passes, and what it prints; through a pipe, since cases that limit the size of files would also limit a log file."
    try: p = subprocess.run(['bash',script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace', timeout=180)
    except subprocess.TimeoutExpired as e: return False,f'{(e.stdout or b"").decode(errors="replace")}\nnot done after {e.timeout:.0f} s'
    return not p.returncode,p.stdout

def main():
    scripts = sorted(Path(sys.argv[1]).glob('*/run.sh'))
    bad = 0
    with ThreadPoolExecutor(2) as ex:
        for s,(ok,out) in zip(scripts, ex.map(run, scripts)):
            print(f"{'ok' if ok else 'FAILED'}: case {s.parent.name}"+('' if ok else f'\n{out}'), flush=True)
            bad += not ok
    print(f'{len(scripts)-bad} passed, {bad} failed')
    sys.exit(bad>0)

if __name__=='__main__': main()
