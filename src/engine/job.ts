import type { Settings, Target, TargetDefinition } from 'dcs-sdk';
import type { LedgerHome, LedgerKeys } from './ledger-types.ts';
import type { ShapeRules } from './shape.ts';

/** What the loop knows of a kind of target. */
export type Kind = Pick<TargetDefinition<never>, 'type' | 'title' | 'supports' | 'limits' | 'check' | 'effect' | 'nativeSyncs'>;

/** One target in one environment: everything a sync of it needs, and nothing of oclif or dcs.yaml. */
export interface Job {
  /** The target's name in dcs.yaml. */
  readonly name: string;
  readonly environment: string;
  readonly definition: Kind;
  readonly target: Target;
  /** host + type + account/project/worker + environment: what a ledger belongs to. */
  readonly place: string;
  /** The source's identity; the owner that marks on the platform name. */
  readonly owner: string;
  /** What sentences call the source. Default: Doppler. */
  readonly sourceName?: string;
  readonly settings: Settings;
  readonly rules: ShapeRules;
  readonly home: LedgerHome;
  readonly keys: LedgerKeys;
}
