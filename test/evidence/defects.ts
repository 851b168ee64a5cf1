import type { Defect } from './defect.ts';
import { APPS, RELEASED, WEBHOOK, WRONG } from './defects-around.ts';
import { LOST, SHOWN } from './defects-of-syncs.ts';

export const DEFECTS: readonly Defect[] = [...LOST, ...SHOWN, ...WEBHOOK, ...WRONG, ...APPS, ...RELEASED];
