"""Damaged and hostile input for every reader: fuzz.py [--only NAME ...] [--seconds S] [--cases N] [--seed N] [--json FILE] [--list]

Each case must end in time with a result or with a clear error: one that is meant for users (`ValueError`, `OSError`, ...) and says something.
Every target runs in a process of its own, so that a crash or a case that never ends is seen and counted. The last line is `N passed, M failed`,
counted by target. A case is repeated by `fuzz.py --only NAME --seed N --case K`."""
import argparse, copy, io, json, os, pickle, random, resource, select, shutil, struct, subprocess, sys, tarfile, tempfile, time, traceback, warnings, zipfile, zlib
from pathlib import Path

PATIENCE,MEMORY = 20,4<<30 # seconds and bytes (beyond what the imports take) that a case may need
CLEAR = (ValueError, OSError, NotImplementedError) # and subclasses; also those named here, which are not ValueErrors
NAMED = {'CheckpointError','UnknownType'}
TARGETS = {}

def target(make): TARGETS[make.__name__] = make; return make

# --- damage

def damaged_bytes(r, data):
    "`data` with a few bytes flipped, removed, repeated, or replaced by extreme numbers; or cut off."
    b = bytearray(data)
    for _ in range(r.choice((1,1,2,5,20))):
        if not b: break
        i,k = r.randrange(len(b)),r.choice((1,1,2,4,8,64))
        how = r.randrange(7)
        if how==0: b[i] = r.randrange(256)
        elif how==1: b[i] ^= 1<<r.randrange(8)
        elif how==2: del b[i:i+k]
        elif how==3: b[i:i] = b[i:i+k]
        elif how==4: b[i:i+4] = struct.pack(r.choice('<>')+'i', r.choice((-1,0,1,2**31-1,-2**31,65536)))
        elif how==5: b[i:i+k] = bytes(k)
        else: del b[i:] # cut off
    return bytes(b)

WORDS = ['', '0', '-1', '1.5', 'nan', 'inf', '-inf', '1e999', '9'*400, str(2**63), str(2**53+1), 'x', '\0', '\ufeff', '١', '{}', '[]', 'null', "'", '"', '${a}', '{{a}}',
         '%s', '%999d', '../x', '/etc/x', '\u2028', 'é', ',', ',,', ';', '\t', '\r', '\n\n']
def damaged_text(r, text):
    "`text` with words or lines replaced, removed or repeated."
    rows = text.split('\n')
    for _ in range(r.choice((1,1,2,4))):
        i = r.randrange(len(rows))
        cells = rows[i].split(',')
        j,how = r.randrange(len(cells)),r.randrange(6)
        if how==0: cells[j] = r.choice(WORDS)
        elif how==1: del cells[j]
        elif how==2: cells.insert(j, r.choice(WORDS))
        elif how==3: rows.insert(i, rows[i]); continue
        elif how==4: del rows[i]; rows = rows or ['']; continue
        else: cells[j] = cells[j][:len(cells[j])//2]+r.choice(WORDS)+cells[j][len(cells[j])//2:]
        rows[i] = ','.join(cells)
    raw = '\n'.join(rows).encode('utf-8', 'surrogatepass')
    return damaged_bytes(r, raw) if r.random()<.15 else raw

VALUES = [None, True, 0, -1, 1.5, 10**30, float('nan'), float('inf'), '', 'x', [], {}, [1], {'a':1}, [[]], ['x'], [float('nan')]*4, [1,2,3], [0,0,-5,1e300], -2**63]
def places(v, path=()):
    "All places within nested dicts and lists."
    if path: yield path
    for k in (v if isinstance(v, dict) else range(len(v)) if isinstance(v, list) else ()): yield from places(v[k], (*path,k))

def damaged_value(r, v):
    "Nested dicts and lists with values replaced, removed, repeated or exchanged."
    v = copy.deepcopy(v)
    for _ in range(r.choice((1,1,2,3))):
        found = list(places(v))
        if not found: break
        *at,k = r.choice(found)
        o = v
        for x in at: o = o[x]
        how = r.randrange(5)
        if how==0: o[k] = copy.deepcopy(r.choice(VALUES))
        elif how==1: del o[k]
        elif how==2 and isinstance(o, list): o.insert(k, copy.deepcopy(o[k]))
        elif how==3 and isinstance(o[k], (int,float)) and not isinstance(o[k], bool): o[k] = r.choice((-o[k], o[k]+1, 0, float('nan'), o[k]*1e9, float(o[k])+.5, str(o[k])))
        else: o[k] = copy.deepcopy(r.choice(VALUES))
    return v

# --- targets: each prepares what it needs and returns a function of a random generator

@target
def mot_text(d):
    from tracklab.core.tracks import Tracks
    text = '\n'.join(f'{t},{i},{10*i},20,30,40,0.9,1,0.5' for t in range(1,6) for i in range(1,4))+'\n'
    def case(r):
        f = d/'gt.txt'; f.write_bytes(damaged_text(r, text))
        t = Tracks.from_mot(f, r.choice(('gt','result','det')))
        t.to_mot(d/'again.txt'); Tracks.from_mot(d/'again.txt')
        for k in sorted(set(t.frame.tolist()))[:3]: t.at(k)
    return case

@target
def eval_files(d):
    from tracklab.metrics.tracking import evaluate_tracks, load_mot
    text = '\n'.join(f'{t},{i},{10*i},20,30,40,1,1,1' for t in range(1,6) for i in range(1,4))+'\n'
    (d/'g/s/gt').mkdir(parents=True); (d/'r').mkdir()
    def case(r):
        files = {'g/s/gt/gt.txt':text, 'r/s.txt':text, 'g/s/seqinfo.ini':'[Sequence]\nname=s\nimDir=img1\nframeRate=30\nseqLength=5\nimWidth=99\nimHeight=99\nimExt=.jpg\n'}
        bad = r.choice(list(files))
        for name,t in files.items(): (d/name).write_bytes(damaged_text(r, t) if name==bad else t.encode())
        gt,res,length = load_mot(d/'g', d/'r')
        evaluate_tracks(gt, res, ('HOTA','CLEAR','Identity','VACE'), r.choice((None,'MOT15','MOT17')), num_frames=length)
    return case

@target
def track_formats(d):
    import numpy as np
    from tracklab.core.track_formats import read_tracks, write_tracks
    from tracklab.core.tracks import Tracks
    t = Tracks([0,0,1,3,4], np.array([[10,20,30,60],[50,20,70,60],[12,20,32,60],[60,20,80,60],[16,20,36,60]], float), [1,2,1,2,1], [0,1,0,1,0], num_frames=6)
    names = dict(csv='w.csv', cvat='w.xml', coco='w.json', yolo='w_yolo')
    for kind,name in names.items(): write_tracks(t, d/name, kind, (200,100), ('person','car'))
    text = {k:(d/n).read_text() for k,n in names.items() if k!='yolo'}
    yolo = sorted((d/'w_yolo').glob('*.txt'))
    lines = {f:f.read_text() for f in yolo}
    def case(r):
        kind = r.choice(list(names))
        if kind=='yolo':
            bad = r.choice(yolo)
            for f,x in lines.items(): f.write_bytes(damaged_text(r, x) if f==bad else x.encode())
        else: (d/names[kind]).write_bytes(damaged_text(r, text[kind]))
        back = read_tracks(d/names[kind], r.choice(('result','det')), (200,100))
        write_tracks(back, d/f'again{r.randrange(10**9)}.csv', 'csv', (200,100))
    return case

@target
def coco_json(d):
    from tracklab.core.masks import encode_masks
    from tracklab.metrics.coco import coco_evaluate
    import numpy as np
    rle = encode_masks(np.eye(40, dtype=bool)[None], text=True)[0]
    row = lambda n: dict(id=n, image_id=n, category_id=1, bbox=[1,2,30,20], area=600, iscrowd=0, segmentation=r_[n%2])
    r_ = [rle, [[1,1,30,1,30,20]]]
    data = dict(images=[dict(id=n, file_name=f'{n}.jpg', width=40, height=40) for n in (1,2)], annotations=[row(1),row(2)], categories=[dict(id=1, name='p')])
    found = [dict(image_id=n, category_id=1, bbox=[1,2,30,20], score=.9, segmentation=rle) for n in (1,2)]
    def case(r):
        gt,res = (damaged_value(r, data),found) if r.random()<.7 else (data,damaged_value(r, found))
        f = d/'gt.json'; f.write_text(json.dumps(gt))
        coco_evaluate(f, {r.choice(('bbox','segm','proposal')):res})
    return case

@target
def cocovid_json(d):
    from tracklab.core.tracks import Tracks
    from tracklab.data.cocovid import CocoVID
    from tracklab.data.video_dataset import CocoVideoDataset
    image = lambda n: dict(id=n, video_id=1, frame_id=n-1, file_name=f'{n}.jpg', width=64, height=64)
    row = lambda n: dict(id=n, image_id=n, video_id=1, instance_id=1, category_id=1, bbox=[1,2,30,20], area=600, iscrowd=0)
    data = dict(videos=[dict(id=1, name='v')], images=[image(1),image(2)], annotations=[row(1),row(2)], categories=[dict(id=1, name='p')])
    def case(r):
        bad = damaged_value(r, data); f = d/'vid.json'
        f.write_bytes(json.dumps(bad).encode() if r.random()<.8 else damaged_bytes(r, json.dumps(data).encode()))
        what = r.randrange(3)
        if what==0:
            c = CocoVID(f)
            for v in c.get_vid_ids(): c.get_img_ids_from_vid(v); c.get_ins_ids_from_vid(v)
        elif what==1: Tracks.from_cocovid(bad)
        else:
            ds = CocoVideoDataset(ann_file=str(f), img_prefix=str(d), pipeline=[], classes=('p',), ref_img_sampler=None, test_mode=r.random()<.5)
            for i in range(len(ds)): ds.get_ann_info(ds.data_infos[i])
    return case

@target
def rle(d):
    import numpy as np
    from tracklab.core.masks import decode_masks, encode_masks, mask_area, mask_iou, polygons_to_rle
    good = encode_masks(np.random.default_rng(0).random((1,20,30))<.5, text=True)[0]
    def case(r):
        code = damaged_value(r, r.choice((good, dict(size=[20,30], counts=[100,500]))))
        if r.random()<.2: # codes and outlines of a few bytes that announce much
            h,w = (r.choice((1,2,20,10**4,46340,10**6,2**31)) for _ in range(2))
            code = dict(size=[h,w], counts=r.choice(([h*w],[2**62]*4+[4],[0,h*w],[h*w-1,1])))
            if r.random()<.5: polygons_to_rle([[0.,0.,r.choice((1e4,1e3)),0.,9.,9.]]*r.choice((1,10,1000,20000)), (r.choice((10,1000)),10)); return
            decode_masks([code]*r.choice((1,1,5,40))); return
        if r.random()<.4: code = dict(size=[20,30], counts=damaged_bytes(r, good['counts'].encode()))
        what = r.randrange(4)
        if what==0: decode_masks([code])
        elif what==1: mask_iou([good], [code])
        elif what==2: mask_area([code])
        else: polygons_to_rle(damaged_value(r, [[1.,1.,30.,1.,30.,20.],[2.,2.,9.,2.,9.,9.]]), r.choice(((20,30), (0,0), (-1,5), (10**9,10**9))))
    return case

@target
def config(d):
    from tracklab.core.config import Config
    text = ("_base_ = ['b.py']\nn = 3\nmodel = dict(type='A', k=[1,2,(3,4)], s='%s_%d' % ('a', n), f=f'{n:03d}', g='{:>5}'.format(n))\n"
            "data = dict(train=dict(pipeline=[dict(type='x', a=i) for i in range(n)], **dict(b=1)))\nif n>2:\n    n += 1\nz = '${model.type}/x'\n")
    (d/'b.py').write_text("a = 1\nb = dict(c=2)\n")
    pieces = ["'a'*10**9", '[0]*10**9', '9**9**9', "'%999999999d' % 1", "'{:99999999}'.format(1)", '(((((', "__import__('os')", 'lambda: 0', 'while True: pass', "'${z}'",
              "'{{ fileDirname }}'", "'{{$ENV:X}}'", '_base_', '"%(a b)9999999s" % {"a b":1}', 'model', '[x for x in range(10**9)]', "f'{1:{10**9}}'", '*[1]', '**{}', ':=', "'${model}'*9", "'{{"+' '*300_000+"x'", "'{{ "+'{{file '*9999+"'", "'${"+'a.'*99_999+"'"]
    def case(r):
        kind = r.choice(('py','py','py','json','yaml'))
        if kind=='py':
            t = text
            for _ in range(r.choice((1,2,3))):
                i = r.randrange(len(t)); t = t[:i]+r.choice(pieces+WORDS)+t[i+r.choice((0,0,1,5,20)):]
            raw = t.encode('utf-8', 'surrogatepass')
        else:
            v = damaged_value(r, dict(_base_='b.py', a=dict(b=[1,'${c}'], d='{{ fileBasename }}'), c=2, e=[dict(f=None)]))
            raw = json.dumps(v).encode() if kind=='json' or r.random()<.5 else str(v).replace("'", r.choice(('',"'"))).encode()
            if r.random()<.3: raw = damaged_bytes(r, raw)
        f = d/f'c.{kind}'; f.write_bytes(raw)
        c = Config.fromfile(f)
        try: text_again = c.pretty_text
        except ValueError: return
        (d/'again.py').write_text(text_again); Config.fromfile(d/'again.py')
    return case

@target
def options(d):
    from tracklab.core.config import Config, parse_options
    cfg = dict(model=dict(k=[1,dict(a=2)], s='x'), data=dict(test=dict(pipeline=[dict(type='y')])))
    keys = ['model.k', 'model.k.1.a', 'model.k.9', 'model', 'model.s.x', 'data.test.pipeline.0.type', '', '.', 'a..b', 'model.k.-1', 'é', '0']
    values = ['1', '[1,2', '(1,)', "'a", '"[1,(2,3)]"', '', 'None', '[]', '[[[[', ')', 'a,b,(c', '1e999', '{"a":1}', "dict(a=1)", '['*5000, ','*1000]
    def case(r): Config(copy.deepcopy(cfg)).merge_from_dict(parse_options([f'{r.choice(keys)}{r.choice(("=","=","=",""))}{r.choice(values)}' for _ in range(r.randrange(1,4))]))
    return case

@target
def build(d):
    from tracklab.core.registry import build
    import tracklab.all
    cfgs = [dict(type='ByteTracker', obj_score_thrs=dict(high=.5, low=.1), init_track_thr=.6), dict(type='SortTracker', reid=None),
            dict(type='FocalLoss', gamma=2.), dict(type='AnchorGenerator', scales=[8], ratios=[.5,1.], strides=[4,8]), dict(type='Resize', img_scale=(32,32), keep_ratio=True),
            dict(type='FPN', in_channels=[8,16], out_channels=8, num_outs=3), dict(type='MaxIoUAssigner', pos_iou_thr=.5, neg_iou_thr=.5), dict(type='KalmanFilter')]
    def case(r):
        c = damaged_value(r, r.choice(cfgs))
        try: build(c)
        except (TypeError,AssertionError,AttributeError,ArithmeticError,KeyError,IndexError,RuntimeError) as e:
            # a wrong type of an argument may fail anywhere inside of a constructor; what must be clear is the type and the names of the arguments
            if 'difflib' in ''.join(traceback.format_tb(e.__traceback__)): raise
            if isinstance(c, dict) and isinstance(c.get('type'), str) and 'unknown' not in str(e) and 'argument' not in str(e): return
            if isinstance(e, TypeError) and str(e): return
            raise
    return case

def opened(video):
    n = 0
    for _ in video: n += 1
    len(video); video[0]; video[n-1]

@target
def mp4(d):
    import numpy as np
    from tracklab.core.video import Video, VideoWriter
    os.environ['OPENCV_FFMPEG_LOGLEVEL'] = '-8'
    files = []
    for name in ('a.mp4','a.avi','a.mkv'):
        with VideoWriter(d/name) as w: [w.write(np.full((48,64,3), 9*t, 'uint8')) for t in range(12)]
        files.append(((d/name).read_bytes(),name[1:]))
    def case(r):
        raw,suffix = r.choice(files); f = d/f'x{suffix}'; f.write_bytes(damaged_bytes(r, raw))
        opened(Video(f))
    return case

def announced(r, good):
    "An image whose header announces another size, and the suffix of its name."
    w,h,s = *(r.choice((0,1,64,4000,8192,8193,20000,65535,2**20,2**31-1)) for _ in range(2)),r.choice(('.png','.bmp','.webp','.jpg','.ppm'))
    chunk = lambda k, v: struct.pack('>I', len(v))+k+v+struct.pack('>I', zlib.crc32(k+v))
    if s=='.png': return s,b'\x89PNG\r\n\x1a\n'+chunk(b'IHDR', struct.pack('>IIBBBBB', w, h, 1, 0, 0, 0, 0))+chunk(b'IDAT', zlib.compress(bytes(min((w//8+1)*h, 10**6))))+chunk(b'IEND', b'')
    if s=='.ppm': return '.png',b'P%d %d %d 255\n' % (r.choice((1,4,5,6)), w, h)+bytes(99)
    raw = bytearray(good[s])
    if s=='.bmp': raw[18:26] = struct.pack('<II', w, h)
    elif s=='.webp': raw[12:16],raw[24:30] = b'VP8X',struct.pack('<I', w)[:3]+struct.pack('<I', h)[:3]
    else: k = raw.index(b'\xff\xc0')+5; raw[k:k+4] = struct.pack('>HH', h&65535, w&65535)
    return s,bytes(raw)

@target
def images(d):
    import cv2, numpy as np
    from tracklab.core.video import Video
    from tracklab.data.convert import image_size
    good = {s: cv2.imencode(s, np.random.default_rng(0).integers(0, 255, (24,32,3), 'uint8'))[1].tobytes() for s in ('.jpg','.png','.bmp','.webp','.tiff')}
    def case(r):
        s = r.choice(list(good)); f = d/f'i{s}'
        if r.random()<.3: s,raw = announced(r, good); f = d/f'i{s}'; f.write_bytes(raw)
        else: f.write_bytes(damaged_bytes(r, good[s]))
        try:
            if r.random()<.5: image_size(f)
            else: opened(Video(f))
        finally: f.unlink()
    return case

@target
def checkpoint(d):
    import numpy as np, torch
    from tracklab.core.checkpoint import load_checkpoint, read_checkpoint
    net = torch.nn.Linear(3, 2)
    torch.save(dict(meta=dict(CLASSES=('p',), best=np.float64(.5), a=np.arange(3)), state_dict=net.state_dict()), d/'a.pth')
    torch.save(net.state_dict(), d/'b.pth', _use_new_zipfile_serialization=False)
    files = [(d/n).read_bytes() for n in ('a.pth','b.pth')]
    def case(r):
        f = d/'x.pth'
        if r.random()<.3: torch.save(damaged_value(r, dict(meta=dict(epoch=1), state_dict=dict(weight=1, bias=[2]))), f)
        else: f.write_bytes(damaged_bytes(r, r.choice(files)))
        read_checkpoint(f)
        load_checkpoint(torch.nn.Linear(3, 2), f)
    return case

@target
def pickles(d):
    import numpy as np
    from tracklab.core.files import read_pickle
    data = dict(det_bboxes=[[np.zeros((2,5),'float32')],[np.arange(6).reshape(2,3)]], s=np.float64(.5), t=(1,'a',b'b',None,{2}))
    good = [pickle.dumps(data, p) for p in range(6)]
    def case(r):
        f = d/'x.pkl'
        if r.random()<.3: f.write_bytes(b'\x80\x04'+nested_pickle(r)+b'.')
        else: f.write_bytes(damaged_bytes(r, r.choice(good)))
        read_pickle(f)
    return case

def nested_pickle(r):
    "Tuples of tuples, each remembered and used again, as a value, a key, a member or an argument."
    code,n = b'K\x01\x85q\x00',r.choice((1,3,20,40,200))
    for k in range(n): code += b'('+b'h'+bytes([k])+b''.join(b'h'+bytes([r.choice((k,k,r.randrange(k+1)))]) for _ in range(r.choice((1,1,2,5))))+b'tq'+bytes([k+1])
    call = r.choice(('list','set','str','dict','tuple','frozenset','bytes','range'))
    return r.choice((code, b'}('+code+b'K\x01u', b'\x8f('+code+b'\x90', b'('+code+b'\x91', b'cbuiltins\n'+call.encode()+b'\n'+code+b'\x85R', b']('+code+b'e'))

@target
def archives(d):
    from tracklab.data.convert import reported
    from tracklab.data.convert_download import unpack
    def packed(kind):
        b = io.BytesIO()
        if kind=='zip':
            with zipfile.ZipFile(b, 'w', zipfile.ZIP_DEFLATED) as z: z.writestr('a/x.txt', 'hello '*500); z.writestr('a/b/y.txt', 'y')
        else:
            with tarfile.open(fileobj=b, mode=kind) as t:
                for n in ('a/x.txt','a/b/y.txt'): i = tarfile.TarInfo(n); i.size = 900; t.addfile(i, io.BytesIO(b'z'*900))
                i = tarfile.TarInfo('a/l'); i.type = tarfile.SYMTYPE; i.linkname = 'x.txt'; t.addfile(i)
        return b.getvalue()
    good = [packed(k) for k in ('zip','w','w:gz','w:xz')]
    def case(r):
        f = d/'x.bin'; f.write_bytes(damaged_bytes(r, r.choice(good)).replace(b'a/l', r.choice((b'a/l', b'../', b'/l/'))))
        try: unpack(f, d/'out/a')
        finally:
            shutil.rmtree(d/'out', ignore_errors=True)
            if sorted(os.listdir(d))!=['x.bin']: raise AssertionError(f'files outside of the folder: {sorted(os.listdir(d))}')
    return case

LAYOUT_CONVERTERS = {'MOT15':'mot2coco', 'MOT17':'mot2coco mot2reid', 'MOT20':'mot2coco', 'DanceTrack':'dancetrack2coco', 'CrowdHuman':'crowdhuman2coco', 'LaSOT':'lasot2coco gen_lasot_infos',
    'GOT-10k':'got10k2coco gen_got10k_infos', 'OTB100':'otb2coco gen_otb100_infos', 'TrackingNet':'trackingnet2coco gen_trackingnet_infos', 'VOT2018':'vot2coco gen_vot_infos',
    'UAV123':'uav2coco gen_uav123_infos', 'ILSVRC':'imagenet2coco_vid imagenet2coco_det', 'COCO':'', 'YouTubeVIS2019':'youtubevis2coco', 'YouTubeVIS2021':'youtubevis2coco', 'TAO':'tao2coco'}

@target
def converter_trees(d):
    from tracklab.data.convert import get_converter, load_converters, reported, run_converter
    from tracklab.data.layouts import LAYOUTS, write_layout
    known = load_converters()
    trees = []
    for name in LAYOUTS:
        jobs = LAYOUT_CONVERTERS[name].split()
        if lost := set(jobs)-set(known): raise SystemExit(f'no converter {lost}')
        if not jobs: continue
        root = write_layout(name, d/'good'/name, dict(train=1, **({'val':1} if name in ('DanceTrack','ILSVRC','GOT-10k') else {'test':1})), num_frames=3, size=(64,48), num_walkers=2)
        trees.append((root, jobs, [p.relative_to(root) for p in root.rglob('*') if p.is_file()]))
    def case(r):
        root,jobs,files = r.choice(trees); work = d/'work'; shutil.copytree(root, work)
        try:
            f = work/r.choice(files); how = r.randrange(4)
            if how==0: f.unlink()
            elif how==1: f.unlink(); f.mkdir()
            elif f.suffix=='.json': f.write_text(json.dumps(damaged_value(r, json.loads(f.read_text()))))
            elif f.suffix in ('.txt','.ini','.odgt','.xml'): f.write_bytes(damaged_text(r, f.read_text()))
            else: f.write_bytes(damaged_bytes(r, f.read_bytes()))
            more = ['--dataset-type','train'] if 'imagenet' in jobs[0] and r.random()<0 else []
            with reported(): run_converter(r.choice(jobs), ['-i',str(work),'-o',str(d/'out'),*more])
        except SystemExit: raise AssertionError('the command line of this target is wrong') from None
        finally: shutil.rmtree(work, ignore_errors=True); shutil.rmtree(d/'out', ignore_errors=True)
    return case

@target
def outputs(d):
    "Whatever a command reads is there afterwards, byte by byte, whichever of its outputs is given the name of an input."
    import contextlib
    from tracklab.app.command import main
    from tracklab.core.tracks import Tracks
    from tracklab.core.video import VideoWriter
    def fill(root):
        rows = ''.join(f'{t},1,{9+t},9,20,20,1,1,1\n' for t in range(1, 4))
        for name in ('gt.txt','res/a.txt','res/b.txt'): (root/name).parent.mkdir(parents=True, exist_ok=True); (root/name).write_text(rows)
        Tracks.from_mot(root/'gt.txt').to_pandas().to_csv(root/'det.csv', index=False)
        with VideoWriter(root/'clip.mp4') as w: [w.write(np.full((48,64,3), 9*t, 'uint8')) for t in range(3)]
        (root/'cfg.json').write_text('{"tracker": {"type": "SortTracker"}}'); (root/'cfg.py').write_text('model = dict(type="SORT")\n')
        (root/'link.json').symlink_to('res/a.txt'); os.link(root/'gt.txt', root/'hard.json'); (root/'all').symlink_to('res')
    import numpy as np
    good = d/'good'; good.mkdir(); fill(good)
    names = ['gt.txt','res/a.txt','res','.','clip.mp4','det.csv','cfg.json','cfg.py','link.json','hard.json','all','res/../gt.txt','new.json','new','a.json','clip.mp4/x']
    commands = [('eval --gt gt.txt --results res/a.txt','--json'), ('eval --gt gt.txt --results hard.json','--json'), ('track det.csv','--out'), ('track clip.mp4 --detector motion','--out'),
                ('track clip.mp4 --detector gt.txt --format csv','--out'), ('track det.csv --tracker cfg.json','--out'), ('refine res --link','--out'), ('refine gt.txt --link','--out'),
                ('zoo bytetrack','--json'), ('verify --goldens res','--json'), ('train cfg.py','--work-dir'), ('test cfg.py --eval track','--out'), ('test cfg.py --eval track','--json'),
                ('test cfg.py --show','--show-dir'), ('search cfg.py','--out'), ('browse cfg.py','--out'), ('convert mot2coco -i res','-o'), ('convert lasot2coco -i .','-o'),
                ('detect clip.mp4 --model tiny','--out'), ('detect clip.mp4 --model tiny','--json'), ('count res/a.txt --line 0,0,9,9','--out')]
    def state(root): return {str(p.relative_to(root)):p.read_bytes() for p in root.rglob('*') if p.is_file()}
    def case(r):
        work = d/'work'; shutil.copytree(good, work, symlinks=True)
        os.unlink(work/'hard.json'); os.link(work/'gt.txt', work/'hard.json')
        before,here = state(work),os.getcwd()
        words,option = r.choice(commands)
        try:
            os.chdir(work)
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as said:
                try: code = main([*words.split(), option, r.choice(names)])
                except SystemExit as e: code = e.code
            after = state(work)
            inputs = {'cfg.json':'cfg', 'hard.json':'gt.txt'} # a .json that is no input may be of an earlier run, and is replaced
            earlier = {k for k,v in inputs.items() if option=='--json' and k not in words and v not in words}
            changed = [k for k,v in before.items() if after.get(k)!=v and k not in earlier]
            if changed: raise AssertionError(f'{words} {option}: {changed} changed')
            if code not in (0,1): raise ValueError(said.getvalue().strip().splitlines()[-1])
        finally: os.chdir(here); shutil.rmtree(work)
    return case

@target
def trackers(d):
    import numpy as np
    from tracklab.app.track import NAMED_TRACKERS
    from tracklab.core.instances import Instances
    odd = [float('nan'), float('inf'), -float('inf'), 0., -1., 1e300, 1e-300, 2.]
    def case(r):
        t = NAMED_TRACKERS[r.choice(('sort','bytetrack','ocsort'))]()
        for frame in range(4):
            n = r.choice((0,1,3,7))
            boxes = np.array([[10*i, 5, 10*i+8, 30] for i in range(n)], r.choice(('float32','float64','int64'))).reshape(-1,4)
            scores,labels = np.full(n, .9),np.zeros(n, int)
            if n and r.random()<.6:
                what = r.randrange(8)
                if what==0: boxes = boxes.astype(float); boxes[r.randrange(n),r.randrange(4)] = r.choice(odd)
                elif what==1: scores[r.randrange(n)] = r.choice(odd)
                elif what==2: boxes,scores = boxes.tolist(),scores.tolist()
                elif what==3: scores = scores[:,None]
                elif what==4: labels = labels.astype(float)+r.choice((0,.5))
                elif what==5: boxes = boxes[:,:r.choice((1,3))]
                elif what==6: scores = scores.astype('float16')
                else: scores = ['x']*n
            o = t.update(Instances(boxes=boxes, scores=scores, labels=labels))
            if len(o) and len(set(np.asarray(o.ids).tolist()))!=len(o): raise AssertionError('one identity twice in a frame')
    return case

# --- running

def clear(e):
    "Is this an error for users?"
    return (isinstance(e, CLEAR) or type(e).__name__ in NAMED or (isinstance(e, TypeError) and 'argument' not in str(e).split(':')[0] and ' should be ' in str(e))) and len(str(e).strip())>8

def work(name, seed, first, only):
    "The worker: runs cases from `first` on and reports each before and after on standard output."
    warnings.simplefilter('ignore')
    say = lambda *o: (sys.stdout.write(json.dumps(o)+'\n'), sys.stdout.flush())
    with tempfile.TemporaryDirectory() as d:
        case = TARGETS[name](Path(d))
        used = int(next(l for l in open('/proc/self/status') if l.startswith('VmSize')).split()[1])*1024 if sys.platform=='linux' else 0
        if used: resource.setrlimit(resource.RLIMIT_AS, (used+MEMORY,)*2)
        k = first
        while only is None or k==first:
            say('start', k)
            try: case(random.Random(f'{seed}-{name}-{k}')); say('right', k)
            except Exception as e:
                if only is not None: traceback.print_exc()
                where = traceback.extract_tb(e.__traceback__)[-1]
                say('clear' if clear(e) else 'unclear', k, f'{type(e).__name__}: {str(e)[:150]} ({Path(where.filename).name}:{where.lineno})')
            k += 1

def fuzz(name, seed, seconds, most):
    "Counts of a target, and examples of what went wrong."
    err = tempfile.TemporaryFile() # a pipe that nobody reads would stop the worker
    count,bad,first,end = dict(right=0, clear=0, unclear=0, hung=0, crashed=0),{},0,None
    while (end is None or time.time()<end) and first<most:
        p = subprocess.Popen([sys.executable, __file__, '--work', name, '--seed', str(seed), '--case', str(first)], stdout=subprocess.PIPE, stderr=err)
        os.set_blocking(p.stdout.fileno(), False)
        rest,at,since = b'',None,time.time()
        while True:
            ready,_,_ = select.select([p.stdout], [], [], 1)
            chunk = p.stdout.read() if ready else None
            if chunk:
                since = time.time()
                if end is None: end = time.time()+seconds # the clock starts when the imports are done
                *lines,rest = (rest+chunk).split(b'\n')
                for line in lines:
                    what,k,*more = json.loads(line)
                    if k>=most: first = most; continue
                    if what=='start': at = k; continue
                    count[what] += 1; at = None; first = k+1
                    if what=='unclear': bad.setdefault(f"unclear: {more[0].split('(')[-1]} {more[0].split(':')[0]}", f'case {k}: {more[0]}')
            elif chunk==b'' or p.poll() is not None:
                if at is None and first==0 and sum(count.values())==0: raise SystemExit(f'{name}: the target cannot start:\n{err.seek(0) or err.read().decode()[-2000:]}')
                if at is not None: count['crashed'] += 1; bad[f'crashed {at}'] = f'case {at}: exit status {p.poll()}'; first = at+1
                break
            if end is not None and (time.time()>end or first>=most) and (at is None or time.time()-since<PATIENCE): break
            if time.time()-since>(PATIENCE if end is not None else 120): count['hung'] += 1; bad[f'hung {at}'] = f'case {at}: no end after {PATIENCE} s'; first = (at or 0)+1; break
        p.kill(); p.wait(); p.stdout.close()
    return count,list(bad.values())

def main():
    ap = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    ap.add_argument('--only', nargs='+', choices=list(TARGETS), default=list(TARGETS), metavar='NAME', help=', '.join(TARGETS))
    ap.add_argument('--seconds', type=float, default=60, help='for each target'); ap.add_argument('--cases', type=int, default=10**9, help='at most, for each target')
    ap.add_argument('--seed', type=int, default=0)
    ap.add_argument('--jobs', type=int, default=1, help='targets at once')
    ap.add_argument('--json', help='write the counts to this file'); ap.add_argument('--case', type=int); ap.add_argument('--work', help=argparse.SUPPRESS)
    a = ap.parse_args()
    if a.work: return work(a.work, a.seed, a.case, None)
    if a.case is not None: return work(a.only[0], a.seed, a.case, True)
    rows,failed = {},0
    print(f"{'target':<18}{'tried':>8}{'right':>8}{'clear':>8}{'unclear':>9}{'hung':>6}{'crashed':>9}")
    from concurrent.futures import ThreadPoolExecutor
    pool = ThreadPoolExecutor(a.jobs)
    for name,(count,bad) in zip(a.only, pool.map(lambda n: fuzz(n, a.seed, a.seconds, a.cases), a.only)):
        rows[name] = count; failed += bool(bad) or not count['right']
        print(f"{name:<18}{sum(count.values()):>8}{count['right']:>8}{count['clear']:>8}{count['unclear']:>9}{count['hung']:>6}{count['crashed']:>9}", flush=True)
        for b in bad[:12]: print(f'    {b}')
    if a.json: Path(a.json).write_text(json.dumps(rows, indent=1)+'\n')
    print(f'{len(rows)-failed} passed, {failed} failed')
    return int(failed>0)

if __name__=='__main__': sys.exit(main())
