const {
  reporters: { Spec },
} = require('mocha');

/** mocha's spec reporter, closing with the plain line that CI reads: `N passed, N failed`. */
module.exports = class extends Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      process.stdout.write(`\n${passes} passed, ${failures} failed${pending ? `, ${pending} skipped` : ''}\n`);
    });
  }
};
