"""Check the style of all notebooks: style.py [NOTEBOOK ...]; the last line is `N passed, M failed`, counted by notebook."""
import ast, json, re, sys
from pathlib import Path

LINE, SIZE, DEFS, CELL = 140, 300_000, 3, 60 # characters, bytes; definitions and lines of an exported cell
PATH   = re.compile(r'(?<![\w.~:/])(?:/(?:root|home|work|tmp|Users|mnt|opt|private)/|[A-Z]:\\\\?\w)')
MEMORY = re.compile(r'\bat 0x[0-9a-f]{6,}')
EXPORT = re.compile(r'^#\| *(?:export|exporti|exports)\b', re.M)
FLAG   = re.compile(r'^#\| *(slow|cuda|eval: *false)\b', re.M)
WORDS  = {'picture':'image, or figure', 'film':'video', 'false alarm':'false positive', 'whole number':'integer', 'the documents':'the name of the API'} # use those of the field
WORD   = re.compile(rf"(?i)(?<![\w./])({'|'.join(WORDS)})s?\b")
MAY_SKIP = {l.split()[1] for l in Path(__file__).with_name('skips.txt').read_text('utf-8').splitlines() if l.startswith('cell ')}
IMAGES = ('image/', 'application/') # base64 and scripts: no prose in them

def text(x): return ''.join(x) if isinstance(x, list) else str(x)

def outputs(cell):
    "The name and text of everything that `cell` printed or displayed."
    for o in cell.get('outputs', []):
        if 'text' in o: yield o.get('name', ''), text(o['text'])
        if 'traceback' in o: yield 'traceback', '\n'.join(o['traceback'])
        for kind,x in o.get('data', {}).items():
            if kind=='image/svg+xml' or not kind.startswith(IMAGES): yield kind, text(x)

def parse(src):
    "The statements of a cell, without its magics; none where it is not Python."
    try: return ast.parse(re.sub(r'(?m)^(\s*)[%!].*$', r'\1pass', src)).body
    except SyntaxError: return []

def owner(node):
    "What a definition counts as: a patched method belongs to its class."
    first = [*node.args.posonlyargs, *node.args.args][:1] if not isinstance(node, ast.ClassDef) else []
    if first and first[0].annotation and any('patch' in ast.unparse(d) for d in node.decorator_list): return ast.unparse(first[0].annotation)
    return node.name

def exported(src):
    "What is wrong with the source of an exported cell."
    defs = [n for n in parse(src) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))]
    owners = {owner(n) for n in defs}
    if len(owners)>DEFS: yield f'{len(owners)} definitions in an exported cell: {", ".join(sorted(owners))}'
    n = len(src.rstrip().splitlines())
    if n>CELL: yield f'{n} lines in an exported cell'
    for d in defs:
        if not d.name.startswith('_') and not ast.get_docstring(d): yield f'{d.name} has no docstring'

def code(cell):
    "What is wrong with a code cell."
    src = text(cell['source'])
    for i,line in enumerate(src.splitlines(), 1):
        if len(line)>LINE: yield f'line {i} has {len(line)} characters'
    if EXPORT.search(src): yield from exported(src)
    if (m := re.search(r'^#\| *default_exp +(\S+)', src, re.M)) and not re.fullmatch(r'\w+(\.\w+)*', m[1]): yield f'default_exp {m[1]}: a module with dots expected'
    for name,out in outputs(cell):
        if name=='stderr': yield 'stored stderr'
        if m := PATH.search(out): yield f'machine path in the output: {out[m.start():m.start()+40]!r}'
        if m := MEMORY.search(out): yield f'memory address in the output: {m[0]!r}'

def prose(cell):
    "Words in Markdown for which the field has others."
    for m in WORD.finditer(text(cell['source'])): yield f'{m[0]!r}: say {WORDS[m[1].lower()]}'

def violations(path):
    "(cell id, what is wrong) for each violation in the notebook at `path`."
    if (n := path.stat().st_size)>SIZE: yield '-', f'{n} bytes'
    for c in json.loads(path.read_text('utf-8'))['cells']:
        if c['cell_type']=='markdown': yield from ((c.get('id', '-'), what) for what in prose(c))
        if c['cell_type']!='code': continue
        yield from ((c.get('id', '-'), what) for what in code(c))
        if (m := FLAG.search(text(c['source']))) and f'{m[1]}/{path.stem}' not in MAY_SKIP:
            yield c.get('id', '-'), f'is left out by {m[1]!r}, and .ci/skips.txt does not name {m[1]}/{path.stem}'

def main(args):
    paths = [Path(a) for a in args] or sorted(p for p in Path('nbs').rglob('*.ipynb') if '.ipynb_checkpoints' not in p.parts)
    failed = 0
    for p in paths:
        found = list(violations(p))
        for i,what in found: print(f'{p}: {i}: {what}')
        failed += bool(found)
    print(f'{len(paths)-failed} passed, {failed} failed')
    return int(failed>0 or not paths)

if __name__=='__main__': sys.exit(main(sys.argv[1:]))
