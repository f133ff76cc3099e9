"""Kill training runs (SIGKILL) at random moments and let them go on: resume.py [KILLS]; the last line is `N passed, M failed`, counted by kind of run."""
import os, random, signal, subprocess, sys, tempfile, time
from pathlib import Path

CHILD = '''
import sys, time, torch
from tracklab.core.distributed import join_processes
from tracklab.engine.training import train_model
from tracklab.nn.model import BaseModel
folder,workers,kind = sys.argv[1],int(sys.argv[2]),sys.argv[3]
class Points:
    CLASSES = ('left','right')
    def __len__(self): return 12
    def __getitem__(self, i): return dict(img=torch.tensor([i%2*2.-1, i/12])+torch.randn(2), label=torch.tensor(i%2))
class Model(BaseModel):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.f = torch.nn.Sequential(torch.nn.Linear(2, 64), torch.nn.Dropout(.3), torch.nn.BatchNorm1d(64), torch.nn.Linear(64, 2))
    def forward(self, img, label):
        time.sleep(.02)
        return dict(loss=torch.nn.functional.cross_entropy(self.f(img), label))
    def train_step(self, data, optimizer=None): return super().train_step(dict(img=data['img'], label=data['label']))
join_processes('cpu')
torch.set_num_threads(1)
length = dict(type='EpochBasedRunner', max_epochs=8) if kind=='epoch' else dict(type='IterBasedRunner', max_iters=24)
cfg = dict(data=dict(samples_per_gpu=4, workers_per_gpu=workers), runner=length, optimizer=dict(type='AdamW', lr=.01, weight_decay=.1),
           lr_config=dict(policy='CosineAnnealing', min_lr=0., by_epoch=False, warmup='linear', warmup_iters=5), optimizer_config=dict(grad_clip=dict(max_norm=1.)),
           checkpoint_config=dict(interval=1, by_epoch=False, max_keep_ckpts=3), work_dir=folder, auto_resume=True,
           custom_hooks=[dict(type='ExpMomentumEMAHook', momentum=.05, total_iter=10, priority=49)])
r = train_model(Model(), Points(), cfg, meta=dict(seed=5))
if r.rank==0: torch.save(dict(state=r.model.state_dict(), optimizer=r.optimizer.state_dict(), at=(r.epoch, r.iter)), f'{folder}/end.pt')
'''

def start(script, folder, workers, kind):
    env = {**os.environ, 'OMP_NUM_THREADS':'1', 'PYTHONPATH':os.pathsep.join([os.getcwd(), os.environ.get('PYTHONPATH', '')])}
    return subprocess.Popen([sys.executable, script, folder, str(workers), kind], env=env, start_new_session=True, stderr=subprocess.PIPE, text=True)

def finish(process):
    "Wait for a run; its error, if it has one."
    err = process.communicate()[1]
    return '' if process.returncode==0 else err[-1500:]

def kill(process, folder, rng):
    "Kill a run some checkpoints from now, at any moment of a step; True if it was still running."
    goal = {p.name for p in folder.glob('iter_*.pth')}
    wait,deadline = rng.randrange(1, 4),time.time()+60
    while process.poll() is None and len({p.name for p in folder.glob('iter_*.pth')}-goal)<wait and time.time()<deadline: time.sleep(.002)
    time.sleep(rng.random()*.04)
    alive = process.poll() is None
    if alive: os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return alive

def same(a, b):
    import torch
    if isinstance(a, dict): return a.keys()==b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list,tuple)): return len(a)==len(b) and all(map(same, a, b))
    return torch.equal(a, b) if torch.is_tensor(a) else a==b

def check(script, top, workers, kind, kills, rng):
    "What is wrong with a run that was killed `kills` times."
    import torch
    whole,broken = top/f'{kind}{workers}',top/f'{kind}{workers}-killed'
    if err := finish(start(script, str(whole), workers, kind)): return err
    killed = 0
    for _ in range(kills):
        broken.mkdir(exist_ok=True)
        killed += kill(start(script, str(broken), workers, kind), broken, rng)
    if err := finish(start(script, str(broken), workers, kind)): return err
    a,b = (torch.load(p/'end.pt', weights_only=False) for p in (whole,broken))
    print(f'{kind}, {workers} workers: killed {killed} times', flush=True)
    if not killed: return 'it was never killed'
    return '' if same(a, b) else f"another end: {[k for k in a['state'] if not torch.equal(a['state'][k], b['state'][k])]}, at {b['at']}"

def main(args):
    kills,rng,failed = int(args[0]) if args else 3,random.Random(0),0
    with tempfile.TemporaryDirectory() as d:
        script = Path(d)/'child.py'
        script.write_text(CHILD)
        kinds = [(0,'epoch'), (2,'epoch'), (0,'iter')]
        for workers,kind in kinds:
            if wrong := check(str(script), Path(d), workers, kind, kills, rng): print(f'FAILED: {kind}, {workers} workers: {wrong}'); failed += 1
    print(f'{len(kinds)-failed} passed, {failed} failed')
    return int(failed>0)

if __name__=='__main__': sys.exit(main(sys.argv[1:]))
