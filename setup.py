"Package metadata, read from settings.ini."
from configparser import ConfigParser
from pathlib import Path
from setuptools import find_packages, setup

here = Path(__file__).parent
ini = ConfigParser(delimiters=['=']); ini.read(here/'settings.ini', encoding='utf-8'); cfg = ini['DEFAULT']
extras = {o: cfg.get(f'{o}_requirements', '').split() for o in ('dev', 'bench', 'extra', 'hf', 'timm', 'tune', 'ray', 'export', 'serve')}
topics = ['Intended Audience :: Science/Research', 'Topic :: Scientific/Engineering :: Image Recognition', *(f'Programming Language :: Python :: 3.{v}' for v in range(10, 15))]
setup(name=cfg['lib_name'], version=cfg['version'], description=cfg['description'], author=cfg['author'], author_email=cfg['author_email'],
      keywords=cfg['keywords'], url=cfg['git_url'], license='Apache-2.0', python_requires='>='+cfg['min_python'], classifiers=topics,
      long_description=(here/'README.md').read_text(encoding='utf-8'), long_description_content_type='text/markdown',
      packages=find_packages(include=[cfg['lib_name']+'*']), package_data={cfg['lib_name']: ['py.typed', 'assets/*', 'assets/*/*']},
      install_requires=cfg['requirements'].split(), extras_require=extras,
      entry_points={'console_scripts': cfg['console_scripts'].split(), 'nbdev': [f"{cfg['lib_name']}={cfg['lib_path']}._modidx:d"]})
