"""The house: which module imports which. Rooms are numbered, and nothing imports upwards.

    python docs/structure.py          # problems and exit status 1, or a line per room
"""
import ast, sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BY_NAME = {('tracklab.app.command','tracklab.verify.table')} # `tracklab verify` starts what lies above it
ROOMS = 'core viz metrics data nn engine detect motion reid mot sot vid vis action app verify'.split()

def room(
    module:str, # such as `tracklab.nn.necks.fpn`
)->str:
    "The room of a module; what lies at the top of the package belongs to the application."
    part = module.split('.')[1]
    return part if part in ROOMS else 'app'

def imported(path, module):
    "Modules of the package that a file imports, wherever in the file"
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import): yield from (a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.split('.')[:-node.level] if node.level else []
            full = '.'.join([*base, *filter(None, [node.module])])
            yield full
            yield from (f'{full}.{a.name}' for a in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, 'attr', getattr(node.func, 'id', '')) in ('import_module','__import__'):
            yield from (a.value for a in node.args[:1] if isinstance(a, ast.Constant) and isinstance(a.value, str)) # by name

def imports(
    package=ROOT/'tracklab',
)->dict: # module -> modules of the package that it imports
    "The arrows of a package."
    package = Path(package)
    files = {'.'.join(p.relative_to(package.parent).with_suffix('').parts):p for p in sorted(package.rglob('*.py')) if p.name[0]!='_'}
    return {m:sorted({o for o in imported(p, m) if o in files and o!=m and (m,o) not in BY_NAME}) for m,p in files.items()}

def circle(
    arrows:dict, # of `imports`
)->list: # modules that import each other in a circle, the first again at the end; empty if there is none
    "A circle among the arrows."
    done,path = set(),[]
    def walk(m):
        if m in path: return [*path[path.index(m):],m]
        if m in done: return []
        path.append(m)
        found = next(filter(None, map(walk, arrows.get(m, ()))), [])
        path.pop(); done.add(m)
        return found
    return next(filter(None, map(walk, arrows)), [])

def problems(
    arrows:dict, # of `imports`
)->list: # texts, empty if the house stands
    "Arrows that lead upwards, and circles."
    up = [f'{m} imports {o}, which lies above it' for m,found in arrows.items() for o in found if ROOMS.index(room(o))>ROOMS.index(room(m))]
    ring = circle(arrows)
    return up+([f"a circle: {' -> '.join(ring)}"] if ring else [])

if __name__=='__main__':
    arrows = imports()
    found = problems(arrows)
    if found: print(*found, sep='\n'); sys.exit(1)
    for r in ROOMS:
        to = Counter(room(o) for m,found in arrows.items() if room(m)==r for o in found if room(o)!=r)
        count = sum(room(m)==r for m in arrows)
        if count: print(f"{r:<8} {count:>3} modules, imports {', '.join(f'{k} ({n})' for k,n in to.most_common()) or 'nothing'}")
