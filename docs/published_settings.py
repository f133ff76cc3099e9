"""Write `tracklab/assets/detector_settings.json.xz` from the resolved official configs:
published_settings.py MMDETECTION.json.gz MMTRACKING.json.gz

`settings` has, by name and as JSON text of its own, everything of a config but its model: data, pipelines, optimizer, schedule.
`models` has the models of the names that no notebook of a family makes. `tracking` has the settings of MMTracking's detectors, re-identification
networks and multi-object trackers, whose models and test data the trackers' notebooks make."""
import gzip, json, lzma, sys
from pathlib import Path

TRACKING = 'det','mot','reid'                                              # folders of MMTracking; other tasks' notebooks make whole configs

def read(path): return sorted(json.loads(gzip.decompress(Path(path).read_bytes())).items())

def text(o): return json.dumps(o, separators=(',',':'))

def main(detection, tracking):
    from tracklab.core.zoo import zoo
    made = {n for n in zoo.names(task='det') if zoo[n] and zoo.module(n)!='tracklab.core.zoo'}         # those of stored models
    settings,models = {},{}
    for file,cfg in read(detection):
        if 'model' not in cfg: continue                                        # a base of others
        name,model = Path(file).stem,cfg.pop('model')
        settings[name] = text(cfg)
        if name not in made: models[name] = text(model)
    others = {Path(f).stem:text({k:v for k,v in c.items() if k!='model'}) for f,c in read(tracking) if f.split('/')[0] in TRACKING}
    data = lzma.compress(text(dict(settings=settings, models=models, tracking=others)).encode(), preset=9)
    Path(__file__).parent.parent.joinpath('tracklab/assets/detector_settings.json.xz').write_bytes(data)
    print(f"{len(settings)} configs, {len(models)} with a model, {len(others)} of tracking, {len(data)} bytes")

if __name__=='__main__': main(*sys.argv[1:])
