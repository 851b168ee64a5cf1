/** Why no test notices a mutant: of this file, whose source holds `original`, made by this `mutator`. The first that fits counts. */
export const REASONS = [
  { file: 'signed.ts', original: '?? []', why: 'a text without the line has no signature either way' },
  {
    file: 'signed.ts',
    mutator: 'Regex',
    why: 'what stands before the line is cut off the signed text as well: the signature does not fit',
  },
  { file: 'signed.ts', mutator: 'ArrayDeclaration', why: 'a text without the line has no signature either way' },
  { file: 'manifest.ts', original: 'toLowerCase', why: 'both spellings collide alike' },
  { file: 'manifest.ts', mutator: 'BlockStatement', why: 'JSON.parse throws nothing but SyntaxError; undefined is what either answers' },
  { file: 'manifest.ts', original: 'instanceof SyntaxError', why: 'JSON.parse throws nothing else' },
];
