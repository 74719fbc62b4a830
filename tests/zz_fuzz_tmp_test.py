import json, random, shutil, os
from pathlib import Path
import pytest
from tests.environment import ROOT
from persona_site.store_import import import_store
from courses.errors import InvalidInput
from courses.models import Course
VALUES=[None,True,False,0,-1,3.5,1e308,10**18,10**30,"", " ","x"*600,"\u0000","\ud800","\u202e","{{ }}","../x",[],{}, [[]],{"a":[{}]},["a",5],{"":""},"é","00000000-0000-4000-8000-000000000001"]
def mutate(v, r):
    if isinstance(v,dict) and v and r.random()<.8:
        k=r.choice(list(v)); v=dict(v)
        c=r.random()
        if c<.6: v[k]=mutate(v[k],r)
        elif c<.75: del v[k]
        elif c<.9: v[r.choice(["","x","__proto__","\u0000","titel","number"])]=r.choice(VALUES)
        else: v[k]=r.choice(VALUES)
        return v
    if isinstance(v,list) and v and r.random()<.7:
        v=list(v); i=r.randrange(len(v)); v[i]=mutate(v[i],r); return v
    return r.choice(VALUES)
@pytest.mark.django_db(transaction=True)
def test_fuzz(tmp_path):
    ok=bad=0
    for seed in range(int(os.environ.get("N","300"))):
        r=random.Random(seed)
        d=tmp_path/str(seed); shutil.copytree(ROOT/"store",d)
        for _ in range(r.randint(1,3)):
            f=r.choice([p for p in d.rglob("*") if p.is_file()])
            c=r.random()
            if f.suffix==".json" and c<.6:
                try: f.write_text(json.dumps(mutate(json.loads(f.read_text()),r)), errors="replace")
                except (ValueError,UnicodeError): pass
            elif c<.7: b=bytearray(f.read_bytes()); b[r.randrange(len(b) or 1):]=os.urandom(3); f.write_bytes(bytes(b))
            elif c<.8: f.unlink()
            elif c<.85: f.rename(f.with_name(r.choice(["a.txt","1.txt","2-x-final.json","é.json","\udcff.txt","3.json"])))
            elif c<.9: g=f.read_bytes(); f.unlink(); f.mkdir()
            elif c<.95: f.unlink(); f.symlink_to("/etc/passwd")
            else: f.unlink(); os.mkfifo(f)
        try:
            rep=import_store(d)
        except InvalidInput as e:
            bad+=1; continue
        for p in rep.problems+rep.warnings:
            assert "\n" not in str(p), p
            str(p).encode()
        json.dumps(rep.as_json(), ensure_ascii=False).encode()
        rep.as_text()
        if rep.problems: bad+=1; assert not rep.tables
        else:
            ok+=1
            again=import_store(d); assert again.changed==0, (seed, again.tables)
        shutil.rmtree(d)
    print("ok",ok,"bad",bad)
