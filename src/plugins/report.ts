import { plural } from '../render/style.ts';
import type { Brought } from './bring.ts';

export function broughtLines({ placed, same }: Brought, nothing: string): string[] {
  const lines = [
    ...placed.map(
      ({ name, version, packages }) =>
        `✓ ${name} ${version} installed${packages > 1 ? `, with ${plural(packages - 1, 'package')} that it needs` : ''}`,
    ),
    ...placed.flatMap(({ scripts }) => scripts.map((name) => `  ! ${name} has a script for its installation; it was not run`)),
    ...same.map(({ name, version }) => `= ${name} ${version} is there`),
  ];
  return lines.length > 0 ? lines : [nothing];
}

export const broughtJson = ({ placed, same }: Brought): Record<string, unknown> => ({ installed: placed, same });
