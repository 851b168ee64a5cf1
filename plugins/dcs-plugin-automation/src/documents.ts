/** What is read of the documents that `dcs status --json` and `dcs sync --json` print. */
export interface Document<Target> {
  readonly error?: Failure;
  readonly targets?: readonly Target[];
}
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly try?: readonly string[];
}
/** A row of `dcs status`. */
export interface Row {
  readonly environment: string;
  readonly target: string;
  readonly state: string;
  readonly behind: readonly string[];
  readonly drifted: readonly string[];
  readonly unclear: readonly string[];
  readonly error?: Failure;
}
