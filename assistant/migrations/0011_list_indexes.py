from django.db import migrations, models

from common.big_tables import AddIndexBeside, words_index


class Migration(migrations.Migration):
    # Beside running visitors: PostgreSQL makes such an index outside of a transaction only.
    atomic = False

    dependencies = [
        ('assistant', '0008_alert_emails'),
    ]

    operations = [
        AddIndexBeside(
            model_name='visitor',
            index=models.Index(condition=models.Q(('plan', ''), _negated=True), fields=['plan'], name='visitors_with_a_plan'),
        ),
        AddIndexBeside(
            model_name='conversation',
            index=models.Index(condition=models.Q(('state__in', ('waiting', 'with_staff'))), fields=['state', '-updated_at'], name='conversations_of_people'),
        ),
        AddIndexBeside(
            model_name='conversation',
            index=models.Index(condition=models.Q(('purpose', 'visitor'), _negated=True), fields=['purpose', '-updated_at'], name='conversations_not_visitors'),
        ),
        AddIndexBeside(
            model_name='reply',
            index=models.Index(fields=['route', '-created_at'], name='replies_of_a_route'),
        ),
        AddIndexBeside(
            model_name='reply',
            index=models.Index(condition=models.Q(('rating', None), _negated=True), fields=['rating', '-created_at'], name='replies_rated'),
        ),
        AddIndexBeside(
            model_name='reply',
            index=models.Index(condition=models.Q(('state', 'completed'), _negated=True), fields=['state', '-created_at'], name='replies_not_completed'),
        ),
        AddIndexBeside(
            model_name='reply',
            index=models.Index(condition=models.Q(('ended_by', 'budget')), fields=['-created_at'], name='replies_out_of_budget'),
        ),
        AddIndexBeside(
            model_name='reply',
            index=models.Index(condition=models.Q(('escalated', True), ('cause', 'escalation'), _connector='OR'), fields=['-created_at'], name='replies_escalated'),
        ),
        words_index("assistant_turn", "text", "turns_by_words"),
        words_index("assistant_reply", "text", "replies_by_words"),
    ]
