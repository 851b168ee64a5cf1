import { YAML } from '../e2e/world.ts';
import { plantedDcs, type Edit } from './planted.ts';
import { Found, Scan, stranger, type Fault, type Way } from './scan.ts';
import { loud, type Seen } from './scan-scenes.ts';

type List = 'values' | 'argv' | 'disk' | 'modes' | 'strays';

/** Leaks of a program that dcs runs, and which list has to name each. */
const PROGRAMS: readonly (readonly [does: string, into: List])[] = [
  ['echo "$STRIPE_KEY"', 'values'],
  ['echo "$STRIPE_KEY" >&2', 'values'],
  ['echo "${STRIPE_KEY%????????????????}"', 'values'],
  ['printf "x$STRIPE_KEY" | base64 -w0', 'values'],
  ['printf "xx$STRIPE_KEY" | base64 -w0 >&2', 'values'],
  ['printf "$STRIPE_KEY" | od -An -v -tx1 | tr -d " \\n"', 'values'],
  ['yes "a line of a log, and one more" | head -n 100000; printenv STRIPE_KEY; yes | head -n 100000', 'values'],
  ['sh -c ": $STRIPE_KEY"', 'argv'],
  ['echo "$STRIPE_KEY" > leaked', 'disk'],
  ['echo "$STRIPE_KEY" > "$HOME/leaked"', 'disk'],
  ['echo "$STRIPE_KEY" | gzip > leaked.gz', 'disk'],
  ['echo "$DOPPLER_TOKEN" > "$TMPDIR/leaked"', 'disk'],
  ['umask 000; touch "$HOME/open"', 'modes'],
  ['umask 000; mkdir "$HOME/opened"', 'modes'],
  ['node -e "fetch(process.env.STRANGER)"', 'strays'],
];

/** Leaks of dcs itself: what is changed in its sources, what has to be typed, and which list has to name it. */
const CHANGES: readonly {
  readonly what: string;
  readonly edit: Edit;
  readonly types: Seen['lines'][number];
  readonly into: List;
  readonly fault?: Fault;
}[] = [
  {
    what: 'a mask that forgets what a chunk ended with',
    edit: [
      'src/run/redact/matcher.ts',
      'done(null, redact.push(chunk));',
      'done(null, Buffer.concat([redact.push(chunk), redact.end()]));',
    ],
    types: loud(1, 1).lines[0]!,
    into: 'values',
  },
  {
    what: 'no mask over stderr',
    edit: ['src/run/child.ts', "stderr ? 'pipe' : 'inherit'", "'inherit'"],
    types: loud(1, 1).lines[0]!,
    into: 'values',
  },
  {
    what: 'values as arguments',
    edit: ['src/run/child.ts', 'spawn(program.file, args, {', 'spawn(program.file, [...args, ...Object.values(variables)], {'],
    types: { type: ['run', '--', 'true'] },
    into: 'argv',
  },
  {
    what: 'a snapshot in the clear',
    edit: ['src/run/snapshot.ts', 'JSON.stringify({ ...head, salt:', 'JSON.stringify({ ...head, plain, salt:'],
    types: { type: ['run', '--', 'true'] },
    into: 'disk',
  },
  {
    what: 'headers in what --verbose tells',
    edit: [
      'sdk/src/http-client.ts',
      'log?.(`${method} ${where} -> ${response.status} ',
      'log?.(`${method} ${where} ${JSON.stringify(this.#init().headers)} -> ${response.status} ',
    ],
    types: { type: ['diff', '-e', 'staging', '--verbose'] },
    into: 'values',
  },
  {
    what: 'an error that quotes the request',
    edit: [
      'src/doppler/transport.ts',
      'throw refusal(answer, request);',
      "throw new DcsError('NETWORK', `Doppler refused ${JSON.stringify(request.body)}.`);",
    ],
    types: { type: ['secrets', 'set', 'SESSION_KEY', '-e', 'staging', '--yes'], input: 'a-value' },
    into: 'values',
    fault: { kind: 'status', status: 400, route: 'POST /v3/configs/config/secrets' },
  },
  {
    what: 'a redirect that is followed',
    edit: ['sdk/src/http-client.ts', "redirect: 'manual',", "redirect: 'follow',"],
    types: { type: ['diff', '-e', 'staging'] },
    into: 'strays',
    fault: { kind: 'redirect', status: 307 },
  },
];

async function finds(into: List, line: (url: string) => Seen['lines'][number], way: (url: string) => Way, more = 0): Promise<boolean> {
  const found = new Found();
  const other = await stranger();
  try {
    await Scan.of({ prepare: (w) => w.yaml(YAML), lines: [line(other.url)], more }, way(other.url), found);
    return found[into].length + (into === 'strays' ? other.heard.length : 0) > 0;
  } finally {
    other.close();
  }
}

/** Each leak, and whether it is found; of dcs itself only these first ones. */
export async function plants(changes = CHANGES.length): Promise<ReadonlyMap<string, boolean>> {
  const caught = new Map<string, boolean>();
  for (const [does, into] of PROGRAMS) {
    const type = (url: string) => ['run', '-q', '--no-mask', '--command', does.replace('process.env.STRANGER', `'${url}'`)];
    caught.set(
      does,
      await finds(
        into,
        (url) => ({ type: type(url) }),
        () => ({}),
      ),
    );
  }
  for (const { what, edit, types, into, fault } of CHANGES.slice(0, changes)) {
    const root = await plantedDcs(['run', 'diff', 'secrets/set'], { what, edits: [edit] });
    const way = (url: string): Way => ({
      root,
      fault: fault && { ...fault, ...(into === 'strays' ? { headers: { location: url } } : {}) },
    });
    caught.set(what, await finds(into, () => types, way, 20));
  }
  return caught;
}
