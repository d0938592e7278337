from django.db import migrations, models

from common.big_tables import AddIndexBeside


class Migration(migrations.Migration):
    # Beside running visitors: PostgreSQL makes such an index outside of a transaction only.
    atomic = False

    dependencies = [
        ('routing', '0016_cost_days'),
    ]

    operations = [
        AddIndexBeside(
            model_name='modelcall',
            index=models.Index(fields=['route', '-started_at'], name='calls_of_a_route'),
        ),
        AddIndexBeside(
            model_name='modelcall',
            index=models.Index(fields=['asked_model', '-started_at'], name='calls_of_a_model'),
        ),
        AddIndexBeside(
            model_name='modelcall',
            index=models.Index(condition=models.Q(('error_class', ''), _negated=True), fields=['-started_at'], name='calls_that_failed'),
        ),
        AddIndexBeside(
            model_name='modelcall',
            index=models.Index(condition=models.Q(('truncated', True)), fields=['-started_at'], name='calls_cut_short'),
        ),
        AddIndexBeside(
            model_name='modelcall',
            index=models.Index(condition=models.Q(('ended_at', None)), fields=['-started_at'], name='calls_running'),
        ),
        AddIndexBeside(
            model_name='modelcall',
            index=models.Index(condition=models.Q(('cause', 'first'), _negated=True), fields=['cause', '-started_at'], name='calls_of_other_causes'),
        ),
        AddIndexBeside(
            model_name='modelcall',
            index=models.Index(condition=models.Q(('purpose', 'visitor'), _negated=True), fields=['purpose', '-started_at'], name='calls_of_other_purposes'),
        ),
        AddIndexBeside(
            model_name='modelcall',
            index=models.Index(condition=models.Q(models.Q(('partial_output', ''), _negated=True), models.Q(('error_detail', ''), _negated=True), _connector='OR'), fields=['started_at'], name='calls_with_words'),
        ),
    ]
