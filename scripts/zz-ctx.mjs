import ts from 'typescript'; import { readFileSync } from 'node:fs'; import { execSync } from 'node:child_process';
const out = execSync(`node scripts/test-names.mjs ${process.argv[2]} || true`,{encoding:'utf8',maxBuffer:1e8}).trim().split('\n').slice(0,-1);
let last='';
for (const l of out) { const [,f,n,name]=/^(.*?):(\d+): (.*)$/.exec(l); const text=readFileSync(f,'utf8'); const src=ts.createSourceFile(f,text,99,true);
 if(f!==last){console.log('## '+f); last=f;}
 let node; const find=x=>{ if(ts.isCallExpression(x)&&src.getLineAndCharacterOfPosition(x.getStart(src)).line+1==+n&&!node&&/^it/.test(x.expression.getText(src))&&x.arguments.length>1) node=x; ts.forEachChild(x,find)}; find(src);
 const calls=new Set(); const v=x=>{ if(ts.isCallExpression(x)){const t=x.expression.getText(src).replace(/\s+/g,''); if(t.length<40&&!/^(expect|Array|JSON|Object|Math|Number|String|Promise|await|it|readFile|join|process)/.test(t)&&!/\.(map|filter|push|slice|join|split|toString|some|find|every|trim|includes)$/.test(t)) calls.add(t);} ts.forEachChild(x,v)}; if(node)v(node);
 console.log(`${n} ${name}   {${[...calls].slice(0,9).join(' ')}}`);
}
