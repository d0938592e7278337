from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('assistant', '0018_index_of_the_figures_of_people'),
    ]

    operations = [
        migrations.AddField(
            model_name='site',
            name='in_languages',
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
    ]
