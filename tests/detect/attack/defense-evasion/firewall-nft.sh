# title: nftables forgets its rules
# technique: T1562.004
# needs: nft

nft flush ruleset
