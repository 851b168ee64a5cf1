// The engine in one piece, so that a proof can load it with a fault in it.
export { apply, runId } from '../../../src/engine/apply.ts';
export { ownKey } from '../../../src/engine/key.ts';
export { machineHome } from '../../../src/engine/ledger-machine.ts';
export { readPlan, refuseForged, savePlan, staleTargets } from '../../../src/engine/saved-plan.ts';
export { survey } from '../../../src/engine/survey.ts';
export { compileTransforms } from '../../../src/engine/transform/compile.ts';
