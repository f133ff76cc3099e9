"""What the reference documents ask, row by row, and what there is of it: checks `data/coverage.csv` and prints a table.

    python docs/coverage.py [FILE]          # problems and exit status 1, or a table of the areas
"""
import csv, importlib, json, re, sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = 'id system area tier kind name state where shown reason'.split()
STATES = 'works planned left'.split()
LAST = dict(MTA=390, MTD=195, MDA=498, MDD=286, MAA=89, TDN=112)          # rows of each document, numbered from 1

def read(
    path=ROOT/'data/coverage.csv',
)->list: # dicts
    "The rows of the file."
    with open(path, newline='', encoding='utf-8') as f: rows = csv.DictReader(f); out = list(rows)
    if rows.fieldnames!=COLUMNS:
        raise ValueError(f"{path}: expected the columns {', '.join(COLUMNS)}, got {', '.join(rows.fieldnames or [])}")
    return out

def notebook_cells(
    folder=ROOT/'nbs',
)->dict: # `(name of the notebook without suffix, id of the cell)` -> source
    "The code cells of all notebooks."
    out = {}
    for p in sorted(Path(folder).rglob('*.ipynb')):
        for c in json.loads(p.read_text(encoding='utf-8'))['cells']:
            if c['cell_type']=='code': out[p.stem,c['id']] = ''.join(c['source'])
    return out

def resolve(
    where:str, # dotted place
): # the object
    "Import the module and ask it for the rest."
    parts = where.split('.')
    for n in range(len(parts), 0, -1):
        try: found = importlib.import_module('.'.join(parts[:n]))
        except ModuleNotFoundError as e:
            if e.name and '.'.join(parts[:n]).startswith(e.name): continue
            raise
        for p in parts[n:]: found = getattr(found, p)
        return found
    raise ModuleNotFoundError(f"no module {parts[0]}")

def command_problem(
    where:str, # `command: tracklab ...`
)->str: # empty if the command exists
    "Is there such a command?"
    from tracklab.app.command import parser
    from tracklab.data.convert import load_converters
    words = where.removeprefix('command:').split()
    commands = next(a.choices for a in parser()._actions if a.choices and a.dest=='command')
    if words[:1]!=['tracklab'] or words[1:2] and words[1] not in commands: return f"no command {where!r}"
    return f"no converter {words[2]!r}" if words[1:2]==['convert'] and words[2:] and words[2] not in load_converters() else ''

def names_of(
    where:str, # dotted place or command
)->set: # words, one of which a cell must hold
    "The names under which something is used: its own, its registered types, and for `forward` its class."
    from tracklab.core.registry import REGISTRY
    if where.startswith('command:'): return {where.split()[-1]}
    last,found = where.split('.')[-1],resolve(where)
    types = {n.split('.')[-1] for n in REGISTRY.names() if REGISTRY.get(n) is found}
    return {last,*types}|({where.split('.')[-2]} if last=='forward' else set())

def scope_problem(row):
    "A config of MMAction2 that names this class must get it, and not another one of the name"
    from tracklab.core.registry import REGISTRY, UnknownType, scope
    package,name = row['name'].split('.')[0],row['name'].split('.')[-1]
    if package!='mmaction' or row['kind']!='class': return ''
    try:
        with scope(package): found = REGISTRY.get(name)
    except UnknownType: return ''
    return '' if found is resolve(row['where']) else f"in the scope of {package}, {name} is {found.__module__}.{found.__qualname__}"

def golden_names()->set: # `kind/entry`
    "The entries of the golden data."
    from tracklab.verify.golden import golden_entries
    return {e.name for e in golden_entries()}

def id_problems(rows):
    "Ids that are unknown, missing, given twice, or out of order"
    want,ids = [f'{p}-{i:04d}' for p,n in LAST.items() for i in range(1, n+1)],[r['id'] for r in rows]
    out = [f'{i}: unknown id' for i in ids if i not in set(want)]+[f'{i}: is missing' for i in want if i not in set(ids)]
    out += [f'{i}: stands {n} times' for i,n in Counter(ids).items() if n>1]
    sorted_each = all([i for i in ids if i.startswith(p)]==[i for i in want if i.startswith(p)] for p in LAST)
    return out or ([] if sorted_each else ['the rows of a document are not in the order of their ids'])

def row_problems(row, cells, goldens):
    "What is wrong with one row"
    state,where,shown = row['state'],row['where'],row['shown']
    if state not in STATES: return [f'unknown state {state!r}']
    if state!='works': return [] if row['reason'] and not where and not shown else [f'{state} needs a reason and no place']
    if not where or not shown: return ['works needs where and shown']
    try: wrong = command_problem(where) if where.startswith('command:') else resolve(where) and ''
    except (ImportError,AttributeError) as e: wrong = f'{where}: {e}'
    if wrong := wrong or scope_problem(row): return [wrong]
    if shown.startswith('verify:'):
        return [] if shown.removeprefix('verify:') in goldens else [f'no golden entry {shown!r}']
    source = next((s for (stem,cell),s in cells.items() if cell==shown.partition('#')[2]), None)
    if source is None: return [f'no cell {shown!r}']
    words = {w.lower() for w in re.findall(r'\w+(?:-\w+)*|\w+', source)}|{w.lower() for w in re.findall(r'\w+', source)}
    names = names_of(where)
    return [] if any(n.lower() in words for n in names) else [f"the cell {shown} does not mention {' or '.join(sorted(names))}"]

def problems(
    rows:list, # of `read`
)->list: # texts, empty if all is well
    "Everything that is wrong."
    cells,goldens = notebook_cells(),golden_names()
    twice = [i for i,n in Counter(c for _,c in cells).items() if n>1]
    out = id_problems(rows)+[f'the id {i} belongs to several cells' for i in twice]
    return out+[f"{r['id']}: {p}" for r in rows for p in row_problems(r, cells, goldens)]

def table(
    rows:list, # of `read`
    by:str='area', # column
)->str: # lines
    "Rows by area and state."
    groups = sorted({r[by] for r in rows})
    count = {g:Counter(r['state'] for r in rows if r[by]==g) for g in groups}
    lines = [(by,*STATES,'all'), *((g,*(count[g][s] for s in STATES),sum(count[g].values())) for g in groups)]
    lines.append(('all',*(sum(c[s] for c in count.values()) for s in STATES),len(rows)))
    widths = [max(len(str(l[i])) for l in lines) for i in range(5)]
    return '\n'.join(f'{l[0]:<{widths[0]}}'+''.join(f'  {v!s:>{w}}' for v,w in zip(l[1:], widths[1:])) for l in lines)

if __name__=='__main__':
    sys.path.insert(0, str(ROOT))
    rows = read(*sys.argv[1:2])
    found = problems(rows)
    if found: print(*found, sep='\n'); sys.exit(1)
    print(table(rows))
