from django.db import migrations, models

from common.big_tables import AddIndexBeside, words_index


class Migration(migrations.Migration):
    # Beside running visitors: PostgreSQL makes such an index outside of a transaction only.
    atomic = False

    dependencies = [
        ('faq', '0008_entry_health'),
    ]

    operations = [
        AddIndexBeside(
            model_name='askedquestion',
            index=models.Index(fields=['route', '-created_at'], name='faq_asked_of_a_route'),
        ),
        AddIndexBeside(
            model_name='askedquestion',
            index=models.Index(condition=models.Q(('label', ''), _negated=True), fields=['-created_at'], include=['purpose', 'label'], name='faq_asked_judged'),
        ),
        AddIndexBeside(
            model_name='askedquestion',
            index=models.Index(condition=models.Q(('confidence__lt', 1), ('judged_by', ''), ('label', ''), models.Q(models.Q(('shown_entry', ''), _negated=True), ('shadowed', True), _connector='OR')), fields=['purpose', '-created_at'], name='faq_asked_to_spot_check'),
        ),
        AddIndexBeside(
            model_name='askedquestion',
            index=models.Index(condition=models.Q(('purpose', 'visitor'), _negated=True), fields=['purpose', '-created_at'], name='faq_asked_not_by_visitors'),
        ),
        AddIndexBeside(
            model_name='askedquestion',
            index=models.Index(fields=['shown_entry', '-created_at'], include=['purpose', 'thumb', 'label'], name='faq_asked_shown_of_entry'),
        ),
        AddIndexBeside(
            model_name='askedquestion',
            index=models.Index(condition=models.Q(('shown_entry', ''), _negated=True), fields=['created_at'], include=['purpose', 'shown_entry'], name='faq_asked_shown_since'),
        ),
        words_index("faq_askedquestion", "text", "faq_asked_by_words"),
    ]
