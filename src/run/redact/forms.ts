/** Lines of a multi-line value that are shorter say nothing alone (`}`, `true`). */
const MIN_LINE = 6;
/** How `base64`, PEM and MIME wrap. */
const WRAPS = [64, 76];

/** What of a value is looked for: all of it, without white space around it, with CR LF, and each of its lines. */
export function* textsOf(value: string): Iterable<string> {
  yield value;
  yield value.trim();
  if (!/[\r\n]/.test(value)) return;
  yield value.replaceAll(/\r?\n/g, '\r\n');
  yield value.replaceAll('\r\n', '\n');
  for (const line of value.split(/[\r\n]/)) if (line.trim().length >= MIN_LINE) yield line.trim();
}

/** Every form in which the value is masked, as bytes; none twice, none under 3 bytes. */
export function* formsOf(value: string): Iterable<Buffer> {
  const forms = new Set<string>();
  for (const text of new Set(textsOf(value.toWellFormed()))) {
    forms.add(text);
    for (const way of [json, xml, url, shell, binary]) for (const form of way(text)) forms.add(form);
  }
  for (const form of forms) {
    const bytes = Buffer.from(form);
    if (bytes.length >= 3) yield bytes;
  }
}

function* binary(text: string): Iterable<string> {
  const bytes = Buffer.from(text);
  yield bytes.toString('hex');
  yield bytes.toString('hex').toUpperCase();
  for (const before of [0, 1, 2]) {
    // Characters that hold bits of what stands before or after the value are not its own.
    const skip = [0, 2, 3][before]!;
    const padded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .slice(skip);
    const own = padded.slice(0, Math.floor(((before + bytes.length) * 8) / 6) - skip);
    for (const form of new Set([own, padded.replaceAll('=', ''), padded])) {
      yield form;
      yield form.replaceAll('+', '-').replaceAll('/', '_');
    }
    if (before === 0) for (const width of WRAPS) yield* own.match(new RegExp(`.{${width}}|.{${MIN_LINE},}$`, 'g')) ?? [];
  }
}

const unicode = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
const lift = (text: string): string => text.replaceAll(/\\u[0-9a-f]{4}/g, (escape) => `\\u${escape.slice(2).toUpperCase()}`);

/** As JSON.stringify, PHP (`\/`), Python (all ASCII), Go (`<` `>` `&`) and .NET (capitals) write it, and that once more. */
function json(text: string): Set<string> {
  const inner = (one: string): string => JSON.stringify(one).slice(1, -1);
  const slashed = (one: string): string => one.replaceAll('/', '\\/');
  const ascii = (one: string): string => one.replaceAll(/[\u007f-\uffff]/g, unicode);
  const html = (one: string): string => one.replaceAll(/[<>&'\u2028\u2029]/g, unicode);
  const go = (one: string): string => one.replaceAll(/[<>&\u2028\u2029]/g, unicode);
  let forms = [inner(text)];
  for (const way of [slashed, ascii, html, go, lift]) forms = [...new Set([...forms, ...forms.map(way)])];
  return new Set([...forms, ...forms.map(inner), ...forms.map((one) => slashed(inner(one)))]);
}

function* xml(text: string): Iterable<string> {
  const bare = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  for (const double of ['"', '&quot;', '&#34;'])
    for (const single of ["'", '&apos;', '&#39;', '&#x27;', '&#039;'])
      for (const end of ['\n', '&#10;', '&#xA;']) yield bare.replaceAll('"', double).replaceAll("'", single).replaceAll('\n', end);
}

function* url(text: string): Iterable<string> {
  const component = encodeURIComponent(text);
  const strict = component.replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const form = new URLSearchParams([['', text]]).toString().slice(1);
  for (const one of [
    component,
    strict,
    encodeURI(text),
    form,
    form.replaceAll('+', '%20'),
    component.replaceAll('%20', '+'),
    strict.replaceAll('%20', '+'),
  ]) {
    yield one;
    yield one.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
  }
}

/** What zsh writes for a byte in $'...'; of those above 127 only in a locale without UTF-8, as in most containers. */
function zsh(byte: number): string {
  if (byte > 127) return `\\M-${zsh(byte - 128)}`;
  if (byte === 9 || byte === 10) return byte === 9 ? '\\t' : '\\n';
  return byte < 32 || byte === 127 ? `\\C-${String.fromCharCode(byte ^ 64)}` : String.fromCharCode(byte);
}

const ANSI_C = new Map(Array.from('abtnvfr', (letter, at) => [7 + at, `\\${letter}`]));

function* shell(text: string): Iterable<string> {
  yield text.replaceAll("'", `'\\''`);
  yield text.replaceAll("'", `'"'"'`);
  yield text.replaceAll(/[$`"\\]/g, '\\$&');
  yield text.replaceAll(/[$`"\\!]/g, '\\$&');
  // bash and zsh: printf %q. They agree on most characters; `,` `=` `~` `#` `%` `+` `:` `@` differ by shell, version and place.
  const special = String.raw`\s'"\\|&;()<>!{}*\[?\]^$\``;
  for (const more of ['', ',', ',#~', ',#~=', '#~', '#~='])
    yield text.replaceAll(new RegExp(`[${special}${more}]`, 'g'), (char) => (char === '\n' ? `$'\\n'` : `\\${char}`));
  yield text.replace(/^[#~]/, '\\$&').replaceAll(new RegExp(`(?<!^)[${special},]|^[${special},]`, 'g'), '\\$&');
  for (const escape of ['\\E', '\\e', '\\033']) {
    const control = (char: string): string =>
      char === '\u001b' ? escape : (ANSI_C.get(char.charCodeAt(0)) ?? `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
    // oxlint-disable-next-line no-control-regex -- control characters are what $'...' escapes
    const quoted = text.replaceAll(/['\\]/g, '\\$&').replaceAll(/[\u0000-\u001f\u007f]/g, control);
    yield quoted;
    yield quoted.replaceAll('"', '\\"');
    yield quoted.replaceAll(/[\u0080-\u{10ffff}]/gu, (char) => [...Buffer.from(char)].map((byte) => `\\${byte.toString(8)}`).join(''));
  }
  // oxlint-disable-next-line no-control-regex -- control characters are what $'...' escapes
  const inZsh = text.replaceAll(/['\\]/g, '\\$&').replaceAll(/[\u0001-\u001f\u007f]/g, (char) => zsh(char.charCodeAt(0)));
  yield inZsh;
  yield inZsh.replaceAll(/[\u0080-\u{10ffff}]/gu, (char) => [...Buffer.from(char)].map(zsh).join(''));
}
