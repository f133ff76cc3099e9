"""Write `tracklab/assets/detector_settings.json.xz` from the resolved official configs of MMDetection: published_settings.py CONFIGS.json.gz

`settings` has, by name and as JSON text of its own, everything of a config but its model: data, pipelines, optimizer, schedule.
`models` has the models of the names that no notebook of a family makes."""
import gzip, json, lzma, sys
from pathlib import Path

def main(path):
    from tracklab.core.zoo import zoo
    made = {n for n in zoo.names(task='det') if zoo[n] and zoo.module(n)!='tracklab.detect.published'}
    settings,models = {},{}
    text = lambda o: json.dumps(o, separators=(',',':'))
    for file,cfg in sorted(json.loads(gzip.decompress(Path(path).read_bytes())).items()):
        if 'model' not in cfg: continue                                        # a base of others
        name,model = Path(file).stem,cfg.pop('model')
        settings[name] = text(cfg)
        if name not in made: models[name] = text(model)
    data = lzma.compress(text(dict(settings=settings, models=models)).encode(), preset=9)
    Path(__file__).parent.parent.joinpath('tracklab/assets/detector_settings.json.xz').write_bytes(data)
    print(f"{len(settings)} configs, {len(models)} with a model, {len(data)} bytes")

if __name__=='__main__': main(sys.argv[1])
