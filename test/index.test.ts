import { expect } from 'chai';
import { builtPackage, compile } from './dsl/typescript.js';

describe('the package', () => {
  it('has declarations that hold in a project for Node, without the types of the DOM', () => {
    const source = `import { wasmTarget } from ${JSON.stringify(builtPackage)};\nexport const target = wasmTarget({ threads: 1 });\n`;
    const { output } = compile(source, { lib: ['ES2022'], types: ['node'], skipLibCheck: false });
    expect(output).to.equal('');
  });
});
