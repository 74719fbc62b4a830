"""A run that is deleted is no item's next one any more. Alone: it locks the runs, and what locks items does not."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('personalization', '0031_next_run_index'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='generationrun',
            trigger=pgtrigger.compiler.Trigger(name='forget_next', sql=pgtrigger.compiler.UpsertTriggerSql(func='UPDATE generation_items SET next_run_id = NULL WHERE next_run_id IN (SELECT id FROM old_rows); RETURN NULL;', hash='399acc2117a746904e6dce43c574ab64773c5646', level='STATEMENT', operation='DELETE', pgid='pgtrigger_forget_next_60c93', referencing='REFERENCING OLD TABLE AS old_rows ', table='generation_runs', when='AFTER')),
        ),
    ]
