"""Run `nbdev_test` and count notebooks: notebooks.py [--flags FLAGS] [NOTEBOOK ...]; the last line is `N passed, M failed`."""
import argparse, re, subprocess, sys
from pathlib import Path
from nbdev.doclinks import nbglob

def run(args):
    "What `nbdev_test` prints, shown as it comes, and its exit status."
    p = subprocess.Popen([Path(sys.executable).parent/'nbdev_test', '--do_print', *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = []
    for line in p.stdout:
        lines.append(line)
        if not line.startswith('Starting '): print(line, end='', flush=True)
    return ''.join(lines), p.wait()

def results(names, args):
    "Which of the notebooks `names` passed: run to the end, and not in the list of failures. Names are unique in the tree."
    out,status = run(args)
    done = {Path(o).name for o in re.findall(r'- Completed (.+?\.ipynb)', out)}
    bad = set(re.findall(r'^\t(\S+\.ipynb)$', out, re.M))
    if status and not bad: print(f'nbdev_test ended with status {status} and named no notebook'); done = set()
    return {n: n in done and n not in bad for n in names}

def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('--flags', default='', help='run cells with these flags too')
    ap.add_argument('notebooks', nargs='*', help='all by default')
    a = ap.parse_args()
    if a.notebooks:
        got = {}
        for nb in a.notebooks: got.update(results([Path(nb).name], ['--path', nb, '--flags', a.flags]))
    else: got = results([p.name for p in nbglob(as_path=True)], ['--n_workers', '2', *(['--flags', a.flags] if a.flags else [])])
    for n,ok in got.items():
        if not ok: print(f'FAILED: {n}')
    bad = list(got.values()).count(False)
    print(f'{len(got)-bad} passed, {bad} failed', flush=True)
    sys.exit(bad>0 or not got)

if __name__=='__main__': main()
