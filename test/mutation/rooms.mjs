/**
 * What is mutated, and the tests that have to notice: they import the sources, so that they see the mutant. `least`: percent of the
 * mutants that have to be killed. `without`: what the titles of tests that do not take part hold.
 */
export const ROOMS = {
  mask: {
    least: 95,
    mutate: ['src/run/redact/*.ts'],
    tests: ['test/run/redact-parts.test.ts', 'test/run/redact.test.ts'],
    env: { REDACT_CASES: '12' },
    // They take a minute each where every step of a mutant is counted.
    without: ['200 secrets take under', 'the cases notice', 'byte for byte, whatever the chunks', 'printf %q'],
  },
  signatures: {
    least: 95,
    mutate: ['src/update/signed.ts', 'src/update/manifest.ts', 'src/update/judge.ts', 'src/update/version.ts'],
    tests: ['test/update/*.test.ts'],
  },
  webhook: {
    least: 95,
    mutate: ['runtime/src/webhook.ts'],
    tests: ['runtime/test/webhook.test.ts', 'runtime/test/webhook-triggers.test.ts'],
  },
  receiver: {
    least: 95,
    mutate: ['plugins/dcs-plugin-automation/src/webhook/receiver.ts', 'plugins/dcs-plugin-automation/src/webhook/keys.ts'],
    tests: ['plugins/dcs-plugin-automation/test/keys.test.ts', 'plugins/dcs-plugin-automation/test/receiver*.test.ts'],
  },
  plan: {
    least: 85,
    mutate: ['sdk/src/plan.ts', 'sdk/src/guard.ts'],
    tests: ['sdk/test/plan.test.ts', 'sdk/test/whole-plan.test.ts', 'sdk/test/guard.test.ts'],
  },
  ledger: {
    least: 85,
    mutate: ['src/engine/ledger-line.ts', 'src/engine/ledger-file.ts', 'src/engine/ledger-merge.ts', 'src/engine/settle.ts'],
    tests: [
      'test/engine/ledger-file.test.ts',
      'test/engine/ledger-lines.test.ts',
      'test/engine/ledger-merge.test.ts',
      'test/engine/settle*.test.ts',
    ],
  },
  apply: {
    least: 85,
    mutate: ['src/engine/apply.ts', 'src/engine/last-word.ts'],
    tests: ['test/engine/apply*.test.ts', 'test/engine/last-word.test.ts'],
  },
  'saved-plan': {
    least: 85,
    mutate: ['src/engine/saved-plan.ts'],
    tests: ['test/engine/saved-plan.test.ts'],
  },
  http: {
    least: 85,
    mutate: ['sdk/src/http-client.ts', 'sdk/src/retry.ts', 'sdk/src/body.ts', 'sdk/src/tangled.ts', 'sdk/src/pace.ts'],
    tests: ['sdk/test/http*.test.ts', 'sdk/test/retry.test.ts', 'sdk/test/pace.test.ts', 'sdk/test/large-answers.test.ts'],
  },
};
