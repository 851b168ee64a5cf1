import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Secrets, SecretsError, SecretsOptions } from '../src/index.ts';

type Mode = 'ok' | 'away' | 'refuses';
const TOKENS = ['two', 'twox'] as const;
const KEYS = [['A'], ['A', 'B'], ['B', 'A'], ['__proto__', 'C']] as const;

const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      token: fc.nat(1),
      keys: fc.nat(3),
      ttl: fc.constantFrom(0, 60),
      many: fc.integer({ min: 1, max: 4 }),
      /** By which adapter. */
      way: fc.nat(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rotate' as const), token: fc.nat(1) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('mode' as const),
      token: fc.nat(1),
      mode: fc.constantFrom<Mode>('ok', 'ok', 'away', 'refuses'),
    }),
  },
);

/** What apps call: the ways in share one cache. */
export interface Runtime {
  readonly clear: () => void;
  readonly ways: readonly ((options: SecretsOptions) => Promise<Secrets>)[];
}

export interface Doppler {
  readonly host: string;
  /** Histories that were lived through: reads, rotations, outages and refusals. Undefined: all as it should be. */
  live(runtime: Runtime, options: { numRuns: number; seed?: number }): Promise<string | undefined>;
  readonly reads: () => number;
  close(): void;
}

/** A Doppler that answers each token with values of its own. */
export async function doppler(): Promise<Doppler> {
  let asked = 0;
  let reads = 0;
  const tokens = new Map<string, { version: number; mode: Mode }>();
  const server: Server = createServer((request, response) => {
    asked++;
    const token = request.headers.authorization!.slice('Bearer '.length);
    const { version, mode } = tokens.get(token)!;
    if (mode === 'away') return void request.socket.destroy();
    if (mode === 'refuses') return void response.writeHead(401).end();
    const wanted = new URL(request.url!, 'http://x').searchParams.get('secrets')!.split(',');
    response.end(JSON.stringify(Object.fromEntries(wanted.map((key) => [key, `${token}:${key}:${version}`]))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const history = (runtime: Runtime) => {
    const ask = (way: number, options: SecretsOptions): Promise<Secrets> => {
      reads++;
      return runtime.ways[way % runtime.ways.length]!(options);
    };
    return fc.asyncProperty(fc.array(command, { minLength: 30, maxLength: 60 }), async (commands) => {
      runtime.clear();
      for (const token of TOKENS) tokens.set(token, { version: 1, mode: 'ok' });
      /** By token: what stood when a refusal was seen. */
      const refused = new Map<string, number>();
      /** By token and keys: it could not be reached, and is not asked for a while. */
      const resting = new Set<string>();
      for (const each of commands) {
        const token = TOKENS[each.token]!;
        const state = tokens.get(token)!;
        if (each.do === 'rotate') state.version++;
        if (each.do === 'mode') state.mode = each.mode;
        if (each.do !== 'read') continue;
        const keys = KEYS[each.keys]!;
        const key = `${token} ${[...keys].sort().join()}`;
        const before = asked;
        const answers = await Promise.allSettled(
          Array.from({ length: each.many }, (_, index) => ask(each.way + index, { host, token, keys, ttl: each.ttl })),
        );
        expect(asked - before, 'requests for calls at the same time').to.be.at.most(1);
        for (const answer of answers) {
          if (answer.status === 'fulfilled') {
            const versions = keys.map((name) => (answer.value as Record<string, string>)[name]!.split(':'));
            expect(Object.keys(answer.value).toSorted()).to.deep.equal([...keys].toSorted());
            expect(versions.map(([of, name]) => `${of} ${name}`)).to.deep.equal(keys.map((name) => `${token} ${name}`));
            const version = Number(versions[0]![2]);
            expect(version)
              .to.be.above(refused.get(token) ?? 0)
              .and.at.most(state.version);
            if (each.ttl === 0 && state.mode === 'ok' && !resting.has(key)) expect(version).to.equal(state.version);
            if (each.ttl === 0 && state.mode === 'refuses') expect(resting.has(key), 'served after a refusal').to.equal(true);
            if (each.ttl === 0 && state.mode === 'away') resting.add(key);
            continue;
          }
          const { code } = answer.reason as SecretsError;
          expect(code).to.equal(state.mode === 'refuses' ? 'REFUSED' : 'UNREACHABLE');
          expect(state.mode).to.not.equal('ok');
          if (code !== 'REFUSED') continue;
          // The version that was refused may come back: it is what Doppler says by then, not what the cache held.
          if (refused.get(token) !== state.version) refused.set(token, state.version++);
          for (const other of resting) if (other.startsWith(`${token} `)) resting.delete(other);
        }
      }
    });
  };
  return {
    host,
    reads: () => reads,
    close: () => void server.close(),
    async live(runtime, options) {
      const found = await fc.check(history(runtime), { ...options, endOnFailure: true });
      return found.failed ? String(found.errorInstance) : undefined;
    },
  };
}
