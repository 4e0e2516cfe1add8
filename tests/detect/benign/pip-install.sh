# title: pip installs a package from a folder into a virtual environment
# needs: python3 pip3
# as: user

python3 -m venv --system-site-packages ~/venv && mkdir -p ~/pkg/mod && cd ~/pkg && touch mod/__init__.py
printf 'from setuptools import setup\nsetup(name="mod", version="1", packages=["mod"])\n' >setup.py
~/venv/bin/pip install --no-index --no-build-isolation --no-deps . ; ~/venv/bin/python -c 'import mod'; true
