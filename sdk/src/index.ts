export type { AdapterDefinition, App, AppEntry } from './adapter.ts';
export { DcsError, EXIT, isDcsError, type ErrorCode, type ErrorDetails } from './error.ts';
export { GUARDS, guard, type Finding, type Guard, type GuardInput } from './guard.ts';
export {
  GIT_HOOKS,
  host,
  provideHost,
  TRIGGER_TYPES,
  type DcsRun,
  type DcsRunOptions,
  type DopplerWebhook,
  type DopplerWebhooks,
  type Environment,
  type GitHook,
  type Host,
  type Invocation,
  type MadeConfig,
  type MadeConfigs,
  type Output,
  type ProjectMember,
  type ProjectSource,
  type ProjectTarget,
  type Synced,
  type SyncOptions,
  type Trigger,
  type TriggerType,
} from './host.ts';
export { createHttp, path } from './http-client.ts';
export type { Http, HttpAnswer, HttpOptions, HttpRequest } from './http.ts';
export { oneByOne } from './one-by-one.ts';
export { createPace, type Pace } from './pace.ts';
export {
  decide,
  overflow,
  plan,
  writes,
  type Action,
  type Existing,
  type Facts,
  type Moved,
  type Owned,
  type Plan,
  type PlanItem,
  type Policy,
  type Reason,
  type RecordState,
  type Settings,
  type SourceState,
  type Subject,
  type TargetState,
  type Verdict,
} from './plan.ts';
export { isLoopback } from './loopback.ts';
export type { SourceModule } from './rewrite.ts';
export { Secret } from './secret.ts';
export type { Credential, Detect, Detected, ServiceDefinition, Who } from './service.ts';
export { defineSource, type Held, type Secrets, type Source, type SourceDefinition, type SourceRead } from './source.ts';
export {
  defineTarget,
  type Context,
  type Delete,
  type Effect,
  type Entry,
  type Env,
  type Identity,
  type Limits,
  type Listing,
  type LocalFile,
  type Log,
  type Mark,
  type Outcome,
  type Put,
  type Revision,
  type Schema,
  type Supports,
  type Target,
  type TargetDefinition,
  type Write,
} from './target.ts';
