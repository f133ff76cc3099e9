"""Runs that end early: crash.py [--moments N] [--seed N] [--json FILE]; the last line is `N passed, M failed`, counted by case.

`track`, `demo`, `convert` and `eval --json` are ended by SIGKILL, SIGTERM and SIGINT at random moments, meet a full disk (a limit on the size of files)
and a folder that may not be written, and run twice at once. Afterwards: the earlier result is as it was or replaced by a complete one, what lies under a
partial name can be read, partial videos play, no temporary file survives the next run, and the exit status is not 0 if the run failed."""
import argparse, hashlib, json, os, random, re, resource, shutil, signal, subprocess, sys, tempfile, time
from pathlib import Path

N = 150 # frames of the video
def tracklab(*args, **kwargs):
    return subprocess.Popen([sys.executable, '-m', 'tracklab', *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, **kwargs)

def prepare(d):
    "A video with detections, a benchmark, and its results."
    import numpy as np
    from tracklab.core.tracks import Tracks
    from tracklab.core.video import VideoWriter
    from tracklab.data.layouts import write_layout
    rng = np.random.default_rng(0)
    with VideoWriter(d/'clip.mp4') as w: [w.write(rng.integers(0, 255, (120,160,3), 'uint8')) for _ in range(N)]
    (d/'det.txt').write_text(''.join(f'{t},-1,{10+t%50},10,20,40,0.9\n' for t in range(1, N+1)))
    write_layout('MOT17', d/'MOT17', dict(train=2, test=1), num_frames=8, size=(160,120), num_walkers=3)
    for p in (d/'MOT17/train').iterdir(): (d/'res').mkdir(exist_ok=True); shutil.copy(p/'gt/gt.txt', d/f'res/{p.name}.txt')

COMMANDS = dict(track=lambda d,out: ['track', d/'clip.mp4', '--detector', d/'det.txt', '--out', out], demo=lambda d,out: ['demo', '--frames', 40, '--detector', 'motion', '--out', out],
                convert=lambda d,out: ['convert', 'mot2coco', '-i', d/'MOT17', '-o', out, '--convert-det'],
                eval=lambda d,out: ['eval', '--gt', d/'MOT17/train', '--results', d/'res', '--json', out/'scores.json'])

def state(out): return {p.name: hashlib.md5(p.read_bytes()).hexdigest() for p in sorted(out.iterdir()) if p.is_file() and '.partial' not in p.name and p.name[0]!='.'}

def read_partial(p):
    "Rows or frames of a partial result; an error if it cannot be read."
    if p.suffix=='.txt': return len([r for r in p.read_text().split('\n')[:-1] if len(r.split(','))==10])
    import cv2
    cap,n = cv2.VideoCapture(str(p)),0
    while cap.grab(): n += 1
    return n

def complete(out, name):
    "Is what lies under the final names complete?"
    from tracklab.core.tracks import Tracks
    from tracklab.core.video import Video
    wrong = []
    for p in out.iterdir():
        if '.partial' in p.name or p.name[0]=='.': continue
        if p.suffix=='.mp4' and len(list(Video(p)))!=(N if name=='track' else 40): wrong.append(f'{p.name} has {len(list(Video(p)))} frames')
        if p.suffix=='.json':
            try: json.loads(p.read_text())
            except ValueError: wrong.append(f'{p.name} is not JSON')
        if p.suffix=='.html' and not p.read_text().rstrip().endswith('</html>'): wrong.append(f'{p.name} is cut off')
        if p.suffix=='.txt' and name=='track' and p.stem=='clip' and Tracks.from_mot(p).num_frames!=N: wrong.append(f'{p.name} ends early')
    return wrong

def ended(d, name, how, moment, seconds):
    "Run a command over an earlier result and end it after `moment` of its `seconds`: what is wrong afterwards, and what was kept."
    out = d/f'out-{name}'
    for p in out.iterdir():
        if '.partial' in p.name: p.unlink()
    before = state(out)
    p = tracklab(*COMMANDS[name](d, out))
    time.sleep(moment*seconds)
    runs = p.poll() is None; p.send_signal(how)
    err = p.communicate(timeout=60)[1]
    wrong,after = complete(out, name),state(out)
    lost = [n for n in before if n not in after]
    if lost: wrong.append(f'earlier results are gone: {lost}')
    if p.returncode==0 and runs and how==signal.SIGKILL: wrong.append('exit status 0')
    if 'Traceback' in err: wrong.append(f'a traceback: {err.strip().splitlines()[-1]}')
    kept = {q.name:read_partial(q) for q in out.glob('*.partial*') if q.suffix!='.html'}
    text,video = (next((v for n,v in kept.items() if n.endswith(s)), None) for s in ('.txt','.mp4'))
    if text is not None and video is not None and text-video>110 and name=='track': wrong.append(f'{text} rows but {video} frames')
    return wrong,kept

def full_disk(d, name, out, size):
    p = tracklab(*COMMANDS[name](d, out), preexec_fn=lambda: (signal.signal(signal.SIGXFSZ, signal.SIG_IGN), resource.setrlimit(resource.RLIMIT_FSIZE, (size,size))))
    _,err = p.communicate(timeout=120)
    wrong = complete(out, name)
    if p.returncode==0: wrong.append('exit status 0')
    if not re.search(r"File too large: '/[^']+'", err): wrong.append(f'the error names no file: {err.strip()[-200:]}')
    return wrong

def run(d, moments, seed):
    "(case, what is wrong) for each case."
    r,prepared,seconds = random.Random(seed),prepare(d),{}
    for name,words in COMMANDS.items():
        out = d/f'out-{name}'; out.mkdir(); start = time.time()
        p = tracklab(*words(d, out)); _,err = p.communicate(); seconds[name] = time.time()-start
        yield f'{name}: to the end', complete(out, name)+([err.strip()[-300:]] if p.returncode else []), {}
    names = list(COMMANDS)
    for k in range(moments):
        name,how,moment = names[1+k//2%3] if k%2 else 'track',r.choice((signal.SIGKILL,signal.SIGTERM,signal.SIGINT)),r.uniform(.05, .98)
        wrong,kept = ended(d, name, how, moment, seconds[name])
        yield f'{name}: {how.name} after {moment:.0%}', wrong, kept
    for name in names:
        out,before = d/f'out-{name}',state(d/f'out-{name}')
        p = tracklab(*COMMANDS[name](d, out)); err = p.communicate()[1]
        left = [q.name for q in out.iterdir() if '~tmp' in q.name]
        yield f'{name}: the next run', complete(out, name)+([f'left over: {left}'] if left else [])+([err.strip()[-300:]] if p.returncode else []), {}
        before,small = state(out),dict(track=60_000, demo=30_000, convert=2_000, eval=1_000)[name]
        wrong = full_disk(d, name, out, small)
        yield f'{name}: a full disk', wrong+([] if state(out)==before else ['an earlier result changed']), {}
        if os.getuid():
            out.chmod(0o555); p = tracklab(*COMMANDS[name](d, out)); err = p.communicate()[1]; out.chmod(0o755)
            yield f'{name}: a folder that may not be written', ([] if p.returncode and str(out) in err else [f'status {p.returncode}: {err.strip()[-200:]}']), {}
    out = d/'out-track'
    for q in out.glob('*.partial*'): q.unlink()
    both = [tracklab(*COMMANDS['track'](d, out)) for _ in range(2)]
    errors = [p.communicate()[1] for p in both]
    yield 'track: two runs at once', complete(out, 'track')+[e.strip()[-200:] for p,e in zip(both, errors) if p.returncode], {}

def main():
    ap = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    ap.add_argument('--moments', type=int, default=30, help='runs that are ended early'); ap.add_argument('--seed', type=int, default=0); ap.add_argument('--json')
    a = ap.parse_args()
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    rows,failed = [],0
    with tempfile.TemporaryDirectory() as d:
        for case,wrong,kept in run(Path(d), a.moments, a.seed):
            rows.append(dict(case=case, wrong=wrong, kept=kept)); failed += bool(wrong)
            print(f"{'FAIL' if wrong else 'ok':<5}{case:<36}{'; '.join(wrong) or ', '.join(f'{k}: {v}' for k,v in kept.items())}", flush=True)
    if a.json: Path(a.json).write_text(json.dumps(rows, indent=1)+'\n')
    print(f'{len(rows)-failed} passed, {failed} failed')
    return int(failed>0)

if __name__=='__main__': sys.exit(main())
