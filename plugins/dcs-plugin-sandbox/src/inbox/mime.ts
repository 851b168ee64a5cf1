/** Of a message with one text part: its header fields by lower-case name, unfolded, and the text. */
export function readMessage(raw: Buffer): { headers: Map<string, string>; text: string } {
  const whole = raw.toString('latin1');
  const end = whole.indexOf('\r\n\r\n');
  const unfolded = whole.slice(0, end).replaceAll(/\r\n[ \t]+/g, ' ');
  const headers = new Map(
    unfolded.split('\r\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), words(line.slice(colon + 1).trim())] as const;
    }),
  );
  const text = decoded(whole.slice(end + 4), headers.get('content-transfer-encoding') ?? '7bit');
  return { headers, text: text.toString('utf8').replaceAll('\r\n', '\n') };
}

function decoded(body: string, encoding: string): Buffer {
  if (encoding === 'base64') return Buffer.from(body, 'base64');
  return encoding === 'quoted-printable' ? quoted(body.replaceAll('=\r\n', '')) : Buffer.from(body, 'latin1');
}

function quoted(text: string): Buffer {
  return Buffer.from(
    text.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
}

/** RFC 2047. */
function words(value: string): string {
  return value
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([qb])\?([^?]*)\?=/gi, (_, kind: string, text: string) =>
      (kind.toLowerCase() === 'b' ? Buffer.from(text, 'base64') : quoted(text.replaceAll('_', ' '))).toString('utf8'),
    );
}
