# title: ansible sets up this machine
# needs: ansible python3

printf -- '- hosts: localhost\n  connection: local\n  tasks:\n  - copy: {content: "a=1\\n", dest: /etc/app.conf, mode: "0644"}\n  - file: {path: /srv/app, state: directory}\n  - lineinfile: {path: /etc/hosts, line: "10.20.0.9 db"}\n  - user: {name: app, system: yes}\n  - cron: {name: job, job: /bin/true, cron_file: app, user: root}\n' >play.yml
ANSIBLE_LOCALHOST_WARNING=False timeout 120 ansible-playbook -i localhost, play.yml
