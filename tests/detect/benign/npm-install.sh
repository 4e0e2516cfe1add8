# title: npm installs a package that has an install script, and runs a build
# needs: npm node
# as: user

mkdir -p ~/dep ~/app && cd ~/dep
printf '{"name":"dep","version":"1.0.0","scripts":{"install":"node -e \\"process.exit(0)\\"","postinstall":"node build.js"}}' >package.json; echo 'require("fs").writeFileSync("built.js","module.exports=1")' >build.js
npm pack --silent && cd ~/app && printf '{"name":"app","version":"1.0.0","scripts":{"build":"node -e \\"console.log(1)\\"","test":"node -e 0"}}' >package.json
npm install --offline --no-audit --no-fund ../dep/dep-1.0.0.tgz && npm run build && npm test
