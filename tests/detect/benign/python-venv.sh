# title: A program in a virtual environment
# needs: python3
# as: user
# short: yes

python3 -m venv --without-pip ~/v && echo 'import json, socket; print(json.dumps({"a": 1}))' >~/a.py && ~/v/bin/python ~/a.py
