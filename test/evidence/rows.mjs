/**
 * What dcs has to prove, in the order of its importance: P0 blocks a release, P1 belongs to 1.0, P2 sets it apart. `by`: the test files
 * or scripts that measure it.
 */
export const ROWS = [
  [1, 'P0', 'No value in any argv', '0 hits in at least 1,000 programs started'],
  [2, 'P0', 'No value in any output or error', '0 hits in at least 500 MB; every planted leak found'],
  [3, 'P0', 'No plaintext on disk', '0 files; files at most 0600, folders 0700'],
  [4, 'P0', 'Never absent between old and new', '0 absent at any request'],
  [5, 'P0', 'A failed read never plans', '100 % stop, exit above 0, no write'],
  [6, 'P0', 'An empty or shrunken source stops', 'no write without its own consent'],
  [7, 'P0', 'Deletes only what dcs created', '10,000 sequences, 0 foreign deletions'],
  [8, 'P0', 'Any kill converges', '100 % in one run, 0 torn states'],
  [9, 'P0', 'Convergence under faults', '10,000 states with faults, 0 that do not converge'],
  [10, 'P0', 'Exact report of a part', '100 % of names said right; unknown only where the answer was lost'],
  [11, 'P0', 'A token goes to its own host alone', '0 credentials or bodies at another host'],
  [12, 'P0', 'Values arrive byte for byte', '100,000 values, 0 altered, refusals before writes'],
  [13, 'P0', 'Odd names are safe', '0 lost, 0 inherited; collisions are errors of the plan'],
  [14, 'P0', 'The webhook refuses bad requests', '100 % right status, 0 syncs, 0 crashes in 1,000,000 requests'],
  [15, 'P0', 'The right target', 'no write; the error names expected and found'],
  [16, 'P0', "A program's exit code and signals", '100 % equal, 0 orphans in 1,000 kills'],
  [17, 'P0', 'The mask is complete', '100,000 cases, 0 leaks, at least 100 MB/s, at most 64 MB more'],
  [18, 'P0', 'The mask is harmless', 'without a secret 100 % the same bytes'],
  [19, 'P0', 'dcs.yaml cannot be injected into', '0 changes of structure, every unknown key said'],
  [20, 'P0', "A repository's content redirects no secret", 'no write before trust'],
  [21, 'P0', 'An update only if it is signed', '0 installed of at least 12 kinds of attack'],
  [22, 'P0', "A plugin's scripts never run, and see no token", '0 runs, 0 tokens'],
  [23, 'P0', 'The defects of the first attempt', '51 of 51 impossible or tested'],
  [24, 'P1', 'Revocation beats the cache', '0 stale after 401, 403, 404'],
  [25, 'P1', 'The cache of running apps is right', '0 mixed up; 1 request for 1,000 at once'],
  [26, 'P1', 'The snapshot is sealed', 'every flipped bit found; opened by an independent program'],
  [27, 'P1', 'One writer a machine', '1 writer at a time; a dead one stops nobody for 5 s'],
  [28, 'P1', 'Two machines', 'the newest values at the end of 5,000 schedules'],
  [29, 'P1', 'Retries', 'never earlier than asked, none of a refusal, nothing twice'],
  [30, 'P1', 'A hostile server', 'a clear error in time, at most 150 MB, no write'],
  [31, 'P1', 'A replay is harmless, bursts are one', 'at most 2 syncs a burst of 500'],
  [32, 'P1', 'The receiver lasts', 'less than 1 MB an hour, p99 below 50 ms, 0 of 100 kills lose an event'],
  [33, 'P1', 'Git hooks are safe', 'restored to the byte and the mode; git waits at most 5 s'],
  [34, 'P1', 'What a crash leaves is clean', '0 hits in reports, heap snapshots and debug output'],
  [35, 'P1', 'What was planned is what is done', '100 % equal; every stale plan refused'],
  [36, 'P1', 'Targets share one contract', 'every case, every target'],
  [37, 'P1', 'The tests bite', 'mutants killed: 85 %; mask and signatures 95 %'],
  [38, 'P1', 'Few packages', 'at most 60 at run time, no install script'],
  [39, 'P2', 'Every promise names its test', '100 %'],
  [40, 'P2', 'A build that anybody can repeat', 'three packs, the same bytes; no high finding in the workflows'],
].map(([row, priority, statement, target]) => ({ row, priority, statement, target }));

/** What measures which rows: a file of tests, run with DCS_EVIDENCE set. */
export const PROOFS = [{ file: 'test/evidence/model.test.ts', rows: [4, 7, 9] }];
