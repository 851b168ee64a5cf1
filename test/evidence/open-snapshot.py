# Opens a snapshot of dcs by what docs/running.md says of it: stdin is the file, the only argument is the Doppler token. AES-GCM is
# written down here from NIST SP 800-38D on top of openssl's AES-ECB: nothing of dcs, and no library of it, has a part in this.
import base64, hashlib, hmac, json, subprocess, sys

found = json.load(sys.stdin)
token, salt = sys.argv[1].encode(), base64.b64decode(found['salt'])
prk = hmac.new(salt, token, hashlib.sha256).digest()
key = hmac.new(prk, b'dcs snapshot 1' + b'\x01', hashlib.sha256).digest()
iv, sealed, tag = (base64.b64decode(found[name]) for name in ('iv', 'sealed', 'tag'))
bound = f"{found['identity']}|{found['version']}|{found['at']}".encode()


def ecb(blocks):
    return subprocess.run(['openssl', 'enc', '-aes-256-ecb', '-K', key.hex(), '-nopad'], input=blocks, capture_output=True, check=True).stdout


def times(x, y):
    z = 0
    for bit in range(127, -1, -1):
        if (x >> bit) & 1:
            z ^= y
        y = (y >> 1) ^ ((0xE1 << 120) if y & 1 else 0)
    return z


def padded(part):
    return part + bytes(-len(part) % 16)


count = (len(sealed) + 15) // 16
stream = ecb(bytes(16) + b''.join(iv + number.to_bytes(4, 'big') for number in range(1, count + 2)))
h = int.from_bytes(stream[:16], 'big')
y = 0
text = padded(bound) + padded(sealed) + (len(bound) * 8).to_bytes(8, 'big') + (len(sealed) * 8).to_bytes(8, 'big')
for at in range(0, len(text), 16):
    y = times(y ^ int.from_bytes(text[at : at + 16], 'big'), h)
if not hmac.compare_digest((y ^ int.from_bytes(stream[16:32], 'big')).to_bytes(16, 'big'), tag):
    sys.exit('the tag does not fit')
sys.stdout.buffer.write(bytes(a ^ b for a, b in zip(sealed, stream[32:])))
