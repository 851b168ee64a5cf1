import type { GcpOptions } from './options.ts';

type Naming = Pick<GcpOptions, 'case' | 'id_prefix'>;

/** The secret's id for a name: `STRIPE_KEY` is `shop-stripe-key` with `case: kebab` and `id_prefix: shop-`. */
export function idOf(name: string, { case: form = 'keep', id_prefix = '' }: Naming): string {
  if (form === 'keep') return id_prefix + name;
  const lower = name.toLowerCase();
  return id_prefix + (form === 'kebab' ? lower.replaceAll('_', '-') : lower);
}

/** The name of an id, undefined when it is out of sight. An id that no name makes bears its own. */
export function nameOf(id: string, naming: Naming): { readonly name: string; readonly made: boolean } | undefined {
  const { case: form = 'keep', id_prefix = '' } = naming;
  if (!id.startsWith(id_prefix) || id === id_prefix) return undefined;
  const rest = id.slice(id_prefix.length);
  const name = form === 'keep' ? rest : (form === 'kebab' ? rest.replaceAll('-', '_') : rest).toUpperCase();
  return idOf(name, naming) === id ? { name, made: true } : { name: rest, made: false };
}

/** Why a name cannot have an id of its own, or undefined. */
export function refusedName(name: string, naming: Naming): string | undefined {
  const id = idOf(name, naming);
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(id)) return 'the secret’s id would be too long, or hold more than letters, digits, - and _';
  return nameOf(id, naming)?.name === name ? undefined : `with case: ${naming.case} another name would have the same id`;
}
