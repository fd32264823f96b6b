#!/usr/bin/env python3
"""Opens every vector beside this file with code that shares nothing with package seal.

Written from docs/formats/sealed-cell.md and docs/formats/keyring.md, over the Python package
"cryptography" (45 or later). Run it by hand after a change of format: python3 verify.py
"""

import base64
import hashlib
import hmac
import json
import pathlib
import struct
import unicodedata
import uuid

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

HERE = pathlib.Path(__file__).parent
KEYRING, CHUNK = 7, 6


def xaes_open(key, nonce, sealed, aad):
    def aes(block):
        e = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
        return e.update(block)

    l = int.from_bytes(aes(bytes(16)), "big")
    k1 = ((l << 1) & (2**128 - 1)) ^ (0x87 if l >> 127 else 0)
    derived = b""
    for i in (1, 2):
        m = int.from_bytes(bytes([0, i, 0x58, 0]) + nonce[:12], "big")
        derived += aes((m ^ k1).to_bytes(16, "big"))
    return AESGCM(derived).decrypt(nonce[12:], sealed, aad)


def ident(text):
    return uuid.UUID(text).bytes if text else bytes(16)


def place(a):
    return (ident(a["org"]) + struct.pack(">I", a["table"]) + ident(a["row"])
            + struct.pack(">I", a["field"]) + ident(a["subject"]))


def uvarint(b):
    v = shift = n = 0
    while True:
        v |= (b[n] & 0x7F) << shift
        n, shift = n + 1, shift + 7
        if b[n - 1] < 0x80:
            return v, b[n:]


def open_cell(key, scope, address, cell):
    assert cell[:3] == bytes([1, 1, scope])
    body = xaes_open(key, cell[7:31], cell[31:], b"crm-cell/1" + cell[:7] + address)
    if scope == CHUNK:
        return body
    n, rest = uvarint(body)
    assert not any(rest[n:])
    return rest[:n]


def unwrap(kek, scope, address, w):
    assert len(w) == 87 and w[:3] == bytes([0x81, 1, scope])
    key = xaes_open(kek, w[15:39], w[39:], b"crm-wrap/1" + w[:7] + address + w[7:15])
    assert HKDFExpand(hashes.SHA256(), 8, b"commit").derive(key) == w[7:15]
    return key


def derive(key, info, size=32):
    return HKDF(hashes.SHA256(), size, None, info).derive(key)


def load(name):
    return json.loads((HERE / name).read_text())


def check_cells():
    for v in load("cell.json"):
        cell = bytes.fromhex(v["cell"])
        assert struct.unpack(">I", cell[3:7])[0] == v["version"]
        got = open_cell(bytes.fromhex(v["key"]), v["scope"], place(v["address"]), cell)
        assert got.hex() == v["plaintext"], v["name"]


def check_wraps():
    for v in load("wrap.json"):
        got = unwrap(bytes.fromhex(v["kek"]), v["scope"], place(v["address"]), bytes.fromhex(v["wrapped"]))
        assert got.hex() == v["dek"]


def check_blobs():
    for v in load("pack.json"):
        blob, got = bytes.fromhex(v["blob"]), {}
        assert blob[0] == 1
        rest = blob[1:]
        while rest:
            field, rest = uvarint(rest)
            n, rest = uvarint(rest)
            got[str(field)], rest = rest[:n].hex(), rest[n:]
        assert got == v["fields"]


def check_tokens():
    for v in load("index.json"):
        info = b"bi/1" + struct.pack(">III", v["table"], v["field"], v["index"])
        key = derive(bytes.fromhex(v["root"]), info)
        mac = hmac.new(key, v["normalised"].encode(), hashlib.sha256).digest()
        assert int.from_bytes(mac[:8], "big") >> (64 - v["bits"]) == v["token"]


def check_keyring():
    v = load("keyring.json")
    word, body = v["key_file"].split()
    raw = base64.urlsafe_b64decode(body)
    assert hashlib.sha256(word.encode() + raw[:32]).digest()[:4] == raw[32:]
    f = v["file"]
    address = ident(f["organisation"]) + bytes(40)
    for s in f["slots"]:
        if s["kind"] == "keyfile":
            kek = derive(raw[:32], b"wardbook-slot/keyfile/1")
        else:
            c = s["argon2id"]
            text = unicodedata.normalize("NFKC", v["passphrase"]).encode()
            kek = Argon2id(salt=base64.b64decode(s["salt"]), length=32, iterations=c["time"],
                           lanes=c["threads"], memory_cost=c["memory_kib"]).derive(text)
        assert derive(kek, b"wardbook-slot/check/1", 8) == base64.b64decode(s["check"])
        root = unwrap(kek, KEYRING, address, base64.b64decode(s["wrapped"]))
        assert root.hex() == v["root"]
        assert open_cell(root, KEYRING, address, base64.b64decode(f["ring"])).hex() == v["ring"]
    ring, keys = bytes.fromhex(v["ring"]), []
    assert ring[0] == 1
    rest = ring[1:]
    while rest:
        n = rest[0]
        purpose, rest = rest[1:1 + n].decode(), rest[1 + n:]
        number, state = struct.unpack(">IB", rest[:5])
        rest = rest[29:]
        k = {"purpose": purpose, "version": number, "state": ["", "active", "decrypt-only", "destroyed"][state]}
        if state != 3:
            k["key"], rest = rest[:32].hex(), rest[32:]
        keys.append(k)
    assert keys == v["keys"]


for check in (check_cells, check_wraps, check_blobs, check_tokens, check_keyring):
    check()
    print("ok", check.__name__)
