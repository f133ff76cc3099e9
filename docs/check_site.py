#!/usr/bin/env python3
"""Check the built site in _docs/, offline: every internal link, anchor and image exists, every notebook is a page that the index lists,
the search knows our names, and, if a Chromium is installed, pages are drawn. Run after `nbdocs.py site`; prints a line for each check."""
import re, shutil, subprocess, sys, tempfile, time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit
from nbdev.config import get_config
from nbdocs import headline, notebooks, page

SITE = get_config().config_path/get_config().doc_path
BASE = get_config().doc_baseurl+'/'
KNOWN = 'ByteTracker','evaluate_tracks','box_iou'
CHROMIUM = next(filter(None, map(shutil.which, ('chromium','chromium-browser','google-chrome','chrome'))), None)
FLAGS = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
         '--disable-component-update', '--disable-sync', '--hide-scrollbars', '--virtual-time-budget=5000']

class Page(HTMLParser):
    "Links, images, anchors and text of a page."
    def __init__(self, path):
        super().__init__()
        self.links,self.sources,self.ids,self.text,self.prose,self.classes,self._mute,self._code = [], [], [], [], [], set(), 0, 0
        self.feed(path.read_text(encoding='utf-8'))

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if a.get('id'): self.ids.append(a['id'])
        if tag=='a' and a.get('name'): self.ids.append(a['name'])
        self.links += [a[k] for k in ('href','src') if a.get(k)]
        self.sources += [a['src']] if a.get('src') else []
        self.classes.update((a.get('class') or '').split())
        self._mute += tag in ('script','style')
        self._code += tag in ('pre','code')

    def handle_endtag(self, tag):
        self._mute -= tag in ('script','style')
        self._code -= tag in ('pre','code')

    def handle_data(self, data):
        if not self._mute: self.text.append(data)
        if not self._mute and not self._code: self.prose.append(data)

class Skip(Exception): "A check that this machine cannot make."

def missing(pages):
    "Internal links that lead nowhere, as `page -> link`."
    for path,p in pages.items():
        for link in p.links:
            url = urlsplit(link)
            if url.scheme or url.netloc: continue
            at = SITE/url.path.removeprefix(BASE) if url.path.startswith(BASE) else path.parent/unquote(url.path) # 404.html knows no folder
            to = at.resolve() if url.path else path
            if to.is_dir(): to /= 'index.html'
            known = to.is_file() and (not url.fragment or to not in pages or unquote(url.fragment) in pages[to].ids)
            if not known: yield f'{path.relative_to(SITE)} -> {link}'

def check_links(pages):
    lost = sorted(set(missing(pages)))
    assert not lost, f"{len(lost)} links lead nowhere: {'; '.join(lost[:20])}"
    return f'{sum(len(p.links) for p in pages.values())} links of {len(pages)} pages'

def check_anchors(pages):
    twice = [f'{path.relative_to(SITE)}#{i}' for path,p in pages.items() for i in {i for i in p.ids if i.startswith('api-') and p.ids.count(i)>1}]
    assert not twice, f'symbols with two places: {", ".join(twice[:20])}'
    return f"{sum(i.startswith('api-') for p in pages.values() for i in p.ids)} symbols"

def check_pages(pages):
    lost = [page(nb) for nb in notebooks() if SITE/page(nb) not in pages]
    assert not lost, f'notebooks without a page: {", ".join(lost)}'
    return f'{len(notebooks())} notebooks'

def check_titles(pages):
    def plain(s): return re.sub(r'\W+', '', s)
    def text(nb): return plain(''.join(pages[SITE/page(nb)].text))
    bad = [page(nb) for nb in notebooks() if SITE/page(nb) in pages and plain(re.sub(r'\[([^]]*)\]\([^)]*\)', r'\1', headline(nb)[0])) not in text(nb)]
    assert not bad, f'pages without their title: {", ".join(bad)}'
    return f'{len(notebooks())} titles'

def check_index(pages):
    listed = {urlsplit(o).path for o in pages[SITE/'index.html'].links}
    lost = [page(nb) for nb in notebooks()[1:] if page(nb) not in listed]
    assert not lost, f'the index does not list {", ".join(lost)}'
    return f'{len(notebooks())-1} pages listed'

def where(pages, found): return [f'{path.relative_to(SITE)}: {m[0]!r}' for path,p in pages.items() if (m := found(p))]

def check_rendered(pages):
    "Nothing of the notebooks' own markup is left in the text, and no output shows what belongs to one machine."
    raw = where(pages, lambda p: re.search(r'.{0,20}\]\(.{0,20}|^ *```', ' '.join(p.prose)))
    assert not raw, f"raw Markdown: {'; '.join(raw[:10])}"
    address = where(pages, lambda p: re.search(r'.{0,30}\bat\s+0x[0-9a-f]{6,}', ' '.join(p.text)))
    assert not address, f"memory addresses: {'; '.join(address[:10])}"
    loud = [str(path.relative_to(SITE)) for path,p in pages.items() if 'stderr' in p.classes]
    assert not loud, f"outputs of stderr: {', '.join(loud[:10])}"
    return f'{len(pages)} pages'

def check_offline(pages):
    "Formulas and players need no other site."
    far = [f'{path.relative_to(SITE)} -> {l}' for path,p in pages.items() for l in p.sources if urlsplit(l).netloc]
    assert not far, f"scripts and images from elsewhere: {'; '.join(sorted(set(far))[:10])}"
    assert (SITE/'_static/mathjax/tex-chtml.js').is_file(), 'MathJax is not part of the site'
    return f'{sum(len(p.sources) for p in pages.values())} scripts and images'

def check_search(pages):
    index = (SITE/'searchindex.js').read_text(encoding='utf-8').lower()
    lost = [n for n in KNOWN if n.lower() not in index]
    assert not lost, f'the search does not know {", ".join(lost)}'
    assert (SITE/'search.html') in pages, 'there is no search page'
    return f'{len(index)//1024} kB, {", ".join(KNOWN)}'

def chromium(*args):
    "Run the browser with an empty profile; its standard output."
    if not CHROMIUM: raise Skip('no Chromium here')
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        return subprocess.run([CHROMIUM, *FLAGS, f'--user-data-dir={profile}', *args], capture_output=True, text=True, timeout=120, check=True).stdout

def shows(path, width, height, title, dark=False):
    "The page, drawn: its heading is there, and the figure has as many colours as text and boxes need."
    url = (SITE/path).as_uri()
    dom = chromium('--dump-dom', url)
    assert re.search(rf'<h1>\s*{title}', dom), f'{path}: no heading {title!r} in what the browser made of it'
    from PIL import Image
    with tempfile.TemporaryDirectory() as d:
        shot = Path(d)/'shot.png'
        chromium(*(['--blink-settings=preferredColorScheme=0'] if dark else []), f'--window-size={width},{height}', f'--screenshot={shot}', url)
        im = Image.open(shot).convert('RGB')
    assert im.size==(width,height), f'{path}: the screenshot is {im.size}, expected {(width,height)}'
    colours = im.getcolors(1<<24)
    most,ground = max(colours)
    assert len(colours)>50 and most<.95*width*height, f'{path}: {len(colours)} colours, {100*most/width/height:.0f}% are {ground}: a blank page?'
    assert (sum(ground)<384)==dark, f"{path}: the background is {ground}, expected a {'dark' if dark else 'light'} one"
    return f'{path} {width}x{height}, {len(colours)} colours'

def check_index_drawn(pages): return shows('index.html', 1400, 1000, 'TrackLab')
def check_notebook_drawn(pages): return shows('09_mot/bytetrack.html', 1400, 1000, 'ByteTrack')
def check_phone_drawn(pages): return shows('09_mot/bytetrack.html', 500, 900, 'ByteTrack')
def check_dark_drawn(pages): return shows('00_core/boxes.html', 1400, 1000, 'Boxes', dark=True)

def check_formula_drawn(pages):
    dom = chromium('--dump-dom', (SITE/'02_metrics/hota.html').as_uri())
    assert '<mjx-container' in dom, '02_metrics/hota.html: MathJax drew no formula'
    return f"{dom.count('<mjx-container')} formulas"

def check_sidebar_drawn(pages):
    "The entry of the current page is in view: it is the last of a long sidebar."
    page = sorted(p for p in pages if p.parent.name=='benchmarks' and p.stem!='index')[-1]
    script = """<script>addEventListener('load', () => setTimeout(() => { const b = document.querySelector('.sidebar-scroll').getBoundingClientRect(),
      n = document.querySelector('.sidebar-tree .current-page').getBoundingClientRect();
      document.title = n.top>=b.top && n.bottom<=b.bottom ? 'in view' : 'out of view' }, 1500))</script>"""
    probe = page.with_name('probe.html')
    probe.write_text(page.read_text(encoding='utf-8').replace('</body>', script+'</body>'), encoding='utf-8')
    try: dom = chromium('--dump-dom', '--window-size=1400,700', probe.as_uri())
    finally: probe.unlink()
    assert '<title>in view</title>' in dom, f'{page.relative_to(SITE)}: the sidebar does not show the current page'
    return f'{page.relative_to(SITE)} is in view'

def check_player_drawn(pages):
    "The player of the first lesson plays without a kernel: after a click its frame number and its image change."
    driver_path = shutil.which('chromedriver')
    if not CHROMIUM or not driver_path: raise Skip('no Chromium and driver here')
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions(); options.binary_location = CHROMIUM
        for f in (*(f for f in FLAGS if 'virtual-time' not in f), f'--user-data-dir={profile}', '--window-size=1200,1000'): options.add_argument(f)
        driver = webdriver.Chrome(options, Service(driver_path))
        try:
            driver.get((SITE/'tutorials/first_tracks.html').as_uri())
            players = driver.find_elements('css selector', 'iframe[title="Track player"]')
            assert players, 'tutorials/first_tracks.html: there is no player, or only its still image'
            driver.execute_script("arguments[0].scrollIntoView({block:'center', behavior:'instant'})", players[0]); time.sleep(1)
            driver.switch_to.frame(players[0])
            def state(): return driver.find_element('id', 'now').text,driver.find_element('id', 'view').screenshot_as_png
            before = state()
            driver.find_element('id', 'play').click()
            end = time.monotonic()+20
            while time.monotonic()<end and not all(a!=b for a,b in zip(before, state())): time.sleep(.5)
            after = state()
        finally: driver.quit()
    assert before[0]!=after[0] and before[1]!=after[1], f'tutorials/first_tracks.html: the player stays at {before[0]!r}'
    return f'from {before[0]!r} to {after[0]!r}'

def check_search_drawn(pages):
    "What the search page shows for a name and for a word, once its script has run."
    for word,found in (('bytetracker','bytetrack.html'), ('install','index.html')):
        dom = chromium('--dump-dom', '--allow-file-access-from-files', (SITE/'search.html').as_uri()+f'?q={word}')
        assert found in dom.partition('id="search-results"')[2], f'searching for {word!r} does not find {found}'
    return 'ByteTracker and install are found'

def main():
    if not (SITE/'index.html').is_file(): sys.exit(f'{SITE} has no index.html; run `python docs/nbdocs.py site` first\n0 passed, 1 failed')
    pages = {p:Page(p) for p in sorted(SITE.rglob('*.html')) if '_static' not in p.parts}
    count = dict(passed=0, failed=0, skipped=0)
    for name,check in [(n[6:],f) for n,f in globals().items() if n.startswith('check_')]:
        try: state,said = 'passed',check(pages)
        except Skip as e: state,said = 'skipped',e
        except (AssertionError, subprocess.SubprocessError) as e: state,said = 'failed',e
        count[state] += 1
        print(f'site {name}: {state}: {said}', flush=True)
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    sys.exit(count['failed']>0)

if __name__=='__main__': main()
