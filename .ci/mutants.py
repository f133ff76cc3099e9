"""Do the tests notice faults? Puts the faults of `mutants.csv` into a copy of the checkout, one at a time, and runs the notebook concerned.

A fault is killed if its notebook fails, or hangs; it survives if the notebook passes. The copy has no golden data, so that a kill is the
work of the notebook's own tests. The exit status is 1 below 95 % killed, and if a row is broken: its text is not there exactly once, or its
notebook fails without it. The columns of the table:

    module    as in `#| default_exp`
    fault     what is wrong, in words
    old,new   a text that stands once in the exported cells of the notebook, and what the fault makes of it
    reason    why a survivor is accepted; empty for nearly all
"""
import argparse, csv, fnmatch, json, os, re, shutil, signal, sys, tempfile, time
from collections import namedtuple
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = Path(__file__).with_suffix('.csv')
TARGET = 95 # least percentage
Mutant = namedtuple('Mutant', 'line module fault old new reason')
Task = namedtuple('Task', 'module mutant slot log start limit')

def mutants(only='*'):
    with TABLE.open(newline='', encoding='utf-8') as f:
        rows = csv.DictReader(f)
        return [Mutant(rows.line_num, **{k:r[k] or '' for k in Mutant._fields[1:]}) for r in rows if fnmatch.fnmatch(r['module'], only)]

def is_exported(source): return re.search(r'^#\| *exports?i?\b', source, re.M) is not None

def find_notebooks(root):
    "Modules and their notebooks."
    out = {}
    for p in sorted((root/'nbs').rglob('*.ipynb')):
        m = '.ipynb_checkpoints' not in p.parts and re.search(r'"#\| *default_exp +([\w.]+)', p.read_text(encoding='utf-8'))
        if m: out[m[1]] = p
    return out

def misplaced(m, nb, py):
    "What is wrong with the place of a fault in a notebook and its module; empty if nothing is."
    cells = [''.join(c['source']) for c in json.loads(nb.read_text(encoding='utf-8'))['cells'] if c['cell_type']=='code']
    found = (sum(c.count(m.old) for c in cells if is_exported(c)),'the exported cells'),(py.read_text(encoding='utf-8').count(m.old),'the module')
    return next((f'the old text stands {n} times in {where}' for n,where in found if n!=1), '')

def check(todo):
    "Is the text of every row there, exactly once?"
    notebooks = find_notebooks(ROOT)
    wrong = {m:'no notebook has this module' if m.module not in notebooks else
             misplaced(m, notebooks[m.module], ROOT/'tracklab'/f"{m.module.replace('.', '/')}.py") for m in todo}
    for m,why in wrong.items():
        if why: print(f'{TABLE.name}:{m.line}: {m.module}: {m.fault}: {why}')
    failed = sum(map(bool, wrong.values()))
    print(f'{len(todo)-failed} passed, {failed} failed')
    return int(failed>0)

def copy_checkout(to):
    "What notebooks need, without golden data, compiled."
    shutil.copytree(ROOT, to, ignore=shutil.ignore_patterns('.git', '.venv', 'venv', '_docs', '__pycache__', '.ipynb_checkpoints', '*.egg-info'))
    shutil.rmtree(to/'data/golden', ignore_errors=True); (to/'data/golden').mkdir(parents=True)
    import compileall
    compileall.compile_dir(to/'tracklab', quiet=1)

class Slot:
    "A copy of the checkout, in which one notebook runs at a time."
    def __init__(self, folder):
        self.root = folder/'checkout'
        copy_checkout(self.root)
        self.notebooks,self.saved = find_notebooks(self.root),{}

    def files(self, module): return self.notebooks[module],self.root/'tracklab'/f"{module.replace('.', '/')}.py"

    def mutate(self, m):
        "Put the fault into notebook and module; says what is wrong with the row."
        if m.module not in self.notebooks: return 'no notebook has this module'
        nb,py = self.files(m.module)
        if wrong := misplaced(m, nb, py): return wrong
        self.saved = {p:p.read_bytes() for p in (nb,py)}
        data,code = json.loads(nb.read_text(encoding='utf-8')),py.read_text(encoding='utf-8')
        cells = [c for c in data['cells'] if c['cell_type']=='code' and is_exported(''.join(c['source']))]
        for c in cells: c['source'] = ''.join(c['source']).replace(m.old, m.new).splitlines(True)
        code = code.replace(m.old, m.new)
        try: compile(code, str(py), 'exec')
        except SyntaxError as e: return f'the new text makes no program: {e}'
        nb.write_text(json.dumps(data), encoding='utf-8'); py.write_text(code, encoding='utf-8')
        for p in (py.parent/'__pycache__').glob(f'{py.stem}.*'): p.unlink() # its time stamp could be that of another fault

    def restore(self):
        for p,b in self.saved.items(): p.write_bytes(b)
        self.saved = {}

def run_notebook(slot, module, log):
    "In a process of its own: run the cells as `nbdev_test` does, and end with status 0 if they pass."
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler) # a job in the background ignores it, and notebooks test it
    out = os.open(log, os.O_WRONLY|os.O_CREAT|os.O_TRUNC)
    os.dup2(out, 1); os.dup2(out, 2)
    tmp = slot.root.parent/'tmp'
    shutil.rmtree(tmp, ignore_errors=True); tmp.mkdir()
    os.environ.update(PYTHONPATH=str(slot.root), TMPDIR=str(tmp), IPYTHONDIR=str(slot.root.parent/'ipython'))
    tempfile.tempdir = None
    sys.dont_write_bytecode = True
    sys.path[0] = str(slot.root)
    os.chdir(slot.root/'nbs')
    from nbdev.config import get_config
    from nbdev.test import test_nb
    from tracklab.verify import golden
    golden.test_golden = lambda only, device='cpu': [] # a kill is the work of the notebook's own tests
    ok,_ = test_nb(slot.notebooks[module], skip_flags=get_config().tst_flags.split(), basepath=slot.root)
    sys.stdout.flush(); sys.stderr.flush()
    os._exit(0 if ok else 1)

def start(slot, module, mutant, limit):
    log = slot.root.parent/'log'
    pid = os.fork()
    if pid==0:
        try: run_notebook(slot, module, log)
        finally: os._exit(2)
    return pid,Task(module, mutant, slot, log, time.time(), limit)

def end_group(pid):
    try: os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError: pass

def wait(running):
    "The first process that ends: its task, and its status; `None` as status: it ran out of time."
    while True:
        for pid,task in list(running.items()):
            late = time.time()-task.start>task.limit
            if late: end_group(pid)
            done,status = os.waitpid(pid, 0 if late else os.WNOHANG)
            if done:
                end_group(pid) # workers and servers that it left
                return running.pop(pid),None if late else status
        time.sleep(.02)

def imports():
    "What notebooks import and what does not change, once for all of them."
    os.environ.update(MPLBACKEND='agg', OMP_NUM_THREADS='1')
    import cv2, matplotlib.pyplot, numpy, pandas, scipy.optimize, scipy.signal, torch, torchvision, pycocotools.mask # noqa: F401
    import execnb.shell, fastcore.all, motmetrics, nbdev.showdoc, nbdev.test, torch.testing # noqa: F401
    torch.set_num_threads(1)

def evaluate(todo, slots, limit, say):
    "Yields rows with their outcome: `killed`, `survived` or `broken`, and a remark."
    times,broken,running,free = {},{},{},list(slots)
    queue = [(m,None) for m in dict.fromkeys(m.module for m in todo)]+[(m.module,m) for m in todo]
    while queue or running:
        ready = next((q for q in queue if q[1] is None or q[0] in times or q[0] in broken), None)
        if free and ready:
            queue.remove(ready)
            module,m = ready
            if m and module in broken: yield m,'broken',broken[module]; continue
            slot = free.pop()
            remark = slot.mutate(m) if m else None if module in slot.notebooks else 'no notebook has this module'
            if remark:
                slot.restore(); free.append(slot)
                if m: yield m,'broken',remark
                else: broken[module] = remark
                continue
            pid,task = start(slot, module, m, limit or (max(20, 4*times[module]) if m else 300))
            running[pid] = task
            continue
        task,status = wait(running)
        task.slot.restore(); free.append(task.slot)
        seconds,text = time.time()-task.start,task.log.read_text(encoding='utf-8', errors='replace') if task.log.exists() else ''
        if task.mutant: yield task.mutant,'survived' if status==0 else 'killed',f'{seconds:.1f} s'+(', out of time' if status is None else '')
        elif status==0: times[task.module] = seconds
        else: broken[task.module] = 'its notebook fails without it: '+(text.strip().splitlines() or ['out of time'])[-1]; say(text[-3000:])

def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--only', default='*', metavar='GLOB', help='modules')
    ap.add_argument('--jobs', type=int, default=1, help='notebooks at once')
    ap.add_argument('--limit', type=float, help='seconds per notebook, instead of four times as long as without a fault')
    ap.add_argument('--check', action='store_true', help='only see whether the text of each row is there, exactly once')
    ap.add_argument('--list', action='store_true', help='only show the table')
    a = ap.parse_args()
    todo = mutants(a.only)
    if a.list:
        for m in todo: print(f'{m.module}: {m.fault}\n    - {m.old}\n    + {m.new}')
        print(f'{len(todo)} mutants of {len({m.module for m in todo})} modules')
        return
    if not todo: sys.exit(f'no module matches {a.only}')
    if a.check: sys.exit(check(todo))
    imports()
    work,counts = Path(tempfile.mkdtemp(prefix='mutants-')),dict(killed=0, survived=0, accepted=0, broken=0)
    try:
        slots = [Slot(work/str(i)) for i in range(a.jobs)]
        for m,outcome,remark in evaluate(todo, slots, a.limit, lambda text: print(text, file=sys.stderr)):
            if outcome=='survived' and m.reason: outcome,remark = 'accepted',m.reason
            counts[outcome] += 1
            print(f'{outcome:8} {m.module}: {m.fault} ({remark})', flush=True)
            if outcome in ('survived','broken'): print(f'    {TABLE.name}:{m.line}\n    - {m.old}\n    + {m.new}', flush=True)
    finally: shutil.rmtree(work, ignore_errors=True)
    share = 100*counts['killed']/max(len(todo)-counts['accepted'], 1)
    print(', '.join(f'{n} {k}' for k,n in counts.items() if n and k!='killed') or 'no survivors')
    print(f"{counts['killed']} killed of {len(todo)-counts['accepted']} ({share:.1f} %)")
    sys.exit(bool(share<TARGET or counts['broken']))

if __name__=='__main__': main()
