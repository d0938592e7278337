from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("routing", "0004_route_reliability"),
    ]

    operations = [
        migrations.AlterField(
            model_name="modelcall",
            name="cause",
            field=models.CharField(
                choices=[
                    ("first", "First attempt"),
                    ("retry", "Retry of the same model"),
                    ("fallback", "Fallback after a failure"),
                    ("continuation", "Continuation of a cut answer"),
                    ("hedge", "Beside a late first attempt"),
                ],
                default="first",
                max_length=12,
            ),
        ),
    ]
