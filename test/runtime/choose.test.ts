import { expect } from 'chai';
import * as E from 'fp-ts/lib/Either.js';
import { chooseTarget } from '../../runtime/choose.js';
import { isSoftwareAdapter, isSoftwareRenderer } from '../../runtime/gpujs/adapter.js';
import { targetNames } from '../../runtime/target.js';
import { describeOnSwiftShader } from './gpujs/swiftShader.js';

describe('chooseTarget', () => {
  it('opens the named target or says that it is not available', async () => {
    for (const name of targetNames) {
      const choice = await chooseTarget(name)();
      if (E.isRight(choice)) {
        expect(choice.right.target.name).to.equal(name);
        choice.right.target.dispose();
      } else expect(choice.left).to.include({ _tag: 'TargetUnavailable', target: name });
    }
  });

  it('has the targets that need no GPU', async () => {
    for (const name of ['wasm', 'gpujs:webasm', 'gpujs:cpu', 'interpreter'] as const)
      expect(E.isRight(await chooseTarget(name)())).to.equal(true);
  });

  it('has no WebGL in Node and does not put anything in its place', async () => {
    const choice = await chooseTarget('gpujs:webgl2')();
    expect(choice).to.deep.include({ _tag: 'Left' });
  });

  it('tells what auto chose and why', async () => {
    const choice = await chooseTarget('auto')();
    if (E.isLeft(choice)) throw new Error(choice.left._tag);
    expect(choice.right.reason).to.match(/^auto: /);
    choice.right.target.dispose();
  });
});

describeOnSwiftShader('chooseTarget with a software adapter', () => {
  it('does not take SwiftShader for a GPU', async () => {
    const choice = await chooseTarget('auto')();
    if (E.isLeft(choice)) throw new Error(choice.left._tag);
    expect(choice.right.target.name).to.equal('wasm');
    expect(choice.right.reason).to.match(/swiftshader.* is software/i);
    choice.right.target.dispose();
  });
});

describe('software adapters', () => {
  it('are told from GPUs by their flag or their name', () => {
    expect(isSoftwareAdapter({ vendor: 'google', architecture: 'swiftshader' })).to.equal(true);
    expect(isSoftwareAdapter({ vendor: 'mesa', description: 'llvmpipe (LLVM 15.0.6, 256 bits)' })).to.equal(true);
    expect(isSoftwareAdapter({ vendor: 'x', isFallbackAdapter: true })).to.equal(true);
    expect(isSoftwareAdapter({ vendor: 'nvidia', architecture: 'ampere', device: 'rtx' })).to.equal(false);
    expect(
      isSoftwareRenderer('ANGLE (Google, Vulkan 1.3 (SwiftShader Device (Subzero)), SwiftShader driver)'),
    ).to.equal(true);
    expect(isSoftwareRenderer('ANGLE (NVIDIA, NVIDIA GeForce RTX 3080, OpenGL 4.5)')).to.equal(false);
  });
});
