// A function of AssemblyScript cannot be called what the contract calls the functions of a pack: they are renamed when all is compiled.
import { Transform } from "assemblyscript/transform";

const RULES = ["describe", "configure", "evaluate", "tick", "save", "restore"];

export default class extends Transform {
  afterCompile(module) {
    for (const name of RULES) {
      module.removeExport(name);
      module.addFunctionExport(`assembly/index/${name}`, `lanner:pack/rules@2.0.0#${name}`);
    }
  }
}
