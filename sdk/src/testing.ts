export { testTarget } from './testing/contract.ts';
export type { Contract, Fault, It, World } from './testing/world.ts';
