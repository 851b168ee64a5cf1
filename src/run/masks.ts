import type { Transform } from 'node:stream';
import type { Secret } from 'dcs-sdk';

/** Makes the mask of each stream; throws rather than leave one without. */
export async function masksFor(secrets: ReadonlyMap<string, Secret>): Promise<() => Transform> {
  const { compileMatcher, redactStream } = await import('./redact/matcher.ts');
  const matcher = compileMatcher(secrets);
  return () => redactStream(matcher.stream());
}
