# title: A program that makes machine code while it runs
# needs: node
# as: user

node -e 'let s = 0; const f = x => x * 2 + 1; for (let i = 0; i < 3e5; i++) s = f(s) % 1000; console.log(s)'
